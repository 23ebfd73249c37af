/** Runs TLC, one process a run, and reads what it says. */
@NullMarked
package dev.unwrite.spec.tlc;

import org.jspecify.annotations.NullMarked;
