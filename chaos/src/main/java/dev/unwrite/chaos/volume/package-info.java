/** A load that writes a raw volume over NBD: blocks that describe themselves, and what became of each request. */
@NullMarked
package dev.unwrite.chaos.volume;

import org.jspecify.annotations.NullMarked;
