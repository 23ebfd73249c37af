/**
 * The link between the two hosts: messages, their binary form, and the sockets that carry them.
 *
 * <p>Messages may be lost, never corrupted; what arrives over one connection arrives in order within its priority.
 */
@NullMarked
package dev.unwrite.peer;

import org.jspecify.annotations.NullMarked;
