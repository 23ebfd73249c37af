/** The durable store of mirrored machine states. */
@NullMarked
package dev.unwrite.checkpoint;

import org.jspecify.annotations.NullMarked;
