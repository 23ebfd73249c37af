/** The models, what is expected of each, and whether it came out so. */
@NullMarked
package dev.unwrite.spec.model;

import org.jspecify.annotations.NullMarked;
