/** Failover that takes the disk back with it. Start reading at {@code protocol}. */
@NullMarked
package dev.unwrite;

import org.jspecify.annotations.NullMarked;
