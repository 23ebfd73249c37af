/** Clusters, faults, workloads, checkers, the demo and the report. */
@NullMarked
package dev.unwrite.chaos;

import org.jspecify.annotations.NullMarked;
