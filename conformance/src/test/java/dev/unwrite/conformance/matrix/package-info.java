/** The kill matrix: which layer of checking notices which mutant of the code, the specification and the traces. */
@NullMarked
package dev.unwrite.conformance.matrix;

import org.jspecify.annotations.NullMarked;
