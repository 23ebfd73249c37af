/** The Java around the specification; the specification itself is in {@code src/main/tla}. */
@NullMarked
package dev.unwrite.spec;

import org.jspecify.annotations.NullMarked;
