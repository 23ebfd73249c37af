/** The load on a cluster, as processes of its own. */
@NullMarked
package dev.unwrite.chaos.workload;

import org.jspecify.annotations.NullMarked;
