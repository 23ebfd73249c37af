/** Merges the traces of processes into one sequence and asks TLC whether the specification allows it. */
@NullMarked
package dev.unwrite.conformance.trace;

import org.jspecify.annotations.NullMarked;
