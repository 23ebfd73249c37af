/** Writes each protocol step as one line of JSON. */
@NullMarked
package dev.unwrite.trace;

import org.jspecify.annotations.NullMarked;
