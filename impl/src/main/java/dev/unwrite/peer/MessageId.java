package dev.unwrite.peer;

/**
 * Names a message for ever: the same at the sender and at the receiver, never used again.
 *
 * @param incarnation the life of the sending process, from its {@link PeerMessage.Hello}
 * @param seq the number of the message in that life, in the order of the calls of {@code send}; numbers of messages that
 *     were lost are missing at the receiver
 */
public record MessageId(long incarnation, long seq) {}
