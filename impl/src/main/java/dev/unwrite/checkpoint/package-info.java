/**
 * The durable store of mirrored machine states: {@link dev.unwrite.checkpoint.CheckpointStore}. A crash at any point leaves the
 * old checkpoint or the new one, whole. The format of a file is described in {@link dev.unwrite.checkpoint.CheckpointHeader}.
 */
@NullMarked
package dev.unwrite.checkpoint;

import org.jspecify.annotations.NullMarked;
