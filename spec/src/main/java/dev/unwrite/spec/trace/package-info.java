/** Checks a recorded trace against a specification. */
@NullMarked
package dev.unwrite.spec.trace;

import org.jspecify.annotations.NullMarked;
