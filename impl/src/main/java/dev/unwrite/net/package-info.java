/** Event loops over sockets: one thread, what has come in batches, one write for each connection and turn. */
@NullMarked
package dev.unwrite.net;

import org.jspecify.annotations.NullMarked;
