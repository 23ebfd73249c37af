/** The durable store of mirrored machine states: {@link dev.unwrite.checkpoint.CheckpointStore}. */
@NullMarked
package dev.unwrite.checkpoint;

import org.jspecify.annotations.NullMarked;
