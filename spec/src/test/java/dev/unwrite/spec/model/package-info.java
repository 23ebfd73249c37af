@NullMarked
package dev.unwrite.spec.model;

import org.jspecify.annotations.NullMarked;
