/** {@code unwrite bench}: what protection costs, against the bare disk and against the nearest peer, in one run. */
@NullMarked
package dev.unwrite.chaos.bench;

import org.jspecify.annotations.NullMarked;
