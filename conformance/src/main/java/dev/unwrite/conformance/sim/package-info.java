/** A pair of hosts in one thread: the real core, undo log, checkpoint store and ownership; everything else simulated. */
@NullMarked
package dev.unwrite.conformance.sim;

import org.jspecify.annotations.NullMarked;
