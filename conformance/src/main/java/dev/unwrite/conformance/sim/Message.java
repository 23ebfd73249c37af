package dev.unwrite.conformance.sim;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.List;

/** What one host says to the other. {@code to} is the number of the host that it is for. */
sealed interface Message {
    int to();

    long term();

    long epoch();

    /** The blocks are about to be overwritten. */
    record Preserve(int to, long term, long epoch, List<Extent> extents) implements Message {}

    /** Their copies are stored. */
    record Preserved(int to, long term, long epoch, List<Extent> extents) implements Message {}

    /** A part of the state of the machine; {@code crc32c} and {@code length} are those of the whole. */
    record Part(int to, long term, long epoch, int offset, ByteBuffer bytes, int length, long crc32c)
            implements Message {}

    /** The checkpoint is committed. */
    record Committed(int to, long term, long epoch) implements Message {}
}
