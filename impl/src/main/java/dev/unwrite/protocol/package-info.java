/** The heart: the protocol as pure functions. No I/O, threads, clocks or randomness. */
@NullMarked
package dev.unwrite.protocol;

import org.jspecify.annotations.NullMarked;
