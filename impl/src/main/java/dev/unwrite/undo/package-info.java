/** The durable undo log of the secondary. */
@NullMarked
package dev.unwrite.undo;

import org.jspecify.annotations.NullMarked;
