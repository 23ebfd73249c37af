/** Traces that the specification allows, and others that it does not. */
@NullMarked
package dev.unwrite.conformance.trace;

import org.jspecify.annotations.NullMarked;
