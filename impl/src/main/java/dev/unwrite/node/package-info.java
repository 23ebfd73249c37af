/** The shell around the protocol: sockets, threads, clocks. */
@NullMarked
package dev.unwrite.node;

import org.jspecify.annotations.NullMarked;
