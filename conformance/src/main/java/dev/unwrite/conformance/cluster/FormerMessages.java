package dev.unwrite.conformance.cluster;

import dev.unwrite.peer.FrameCodec;
import dev.unwrite.peer.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages that have arrived or were lost. No connection of today repeats them or brings them late; the protocol has to
 * survive it all the same.
 */
final class FormerMessages {
    private static final int HEADER_BYTES = 8;
    private static final int MOST = 64;

    private final List<Former> messages = new ArrayList<>();

    private record Former(int life, SimHost to, byte[] frame) {}

    void add(SimHost from, SimHost to, byte[] frame) {
        messages.add(new Former(from.life(), to, frame));
        if (messages.size() > MOST) {
            messages.removeFirst();
        }
    }

    /** One of them arrives once more; {@code choice} counts back from the newest. */
    void again(int choice) {
        if (messages.isEmpty()) {
            return;
        }
        Former former = messages.get(messages.size() - 1 - choice % messages.size());
        if (former.to.isRunning()) {
            ByteBuffer frame = ByteBuffer.wrap(former.frame);
            PeerMessage message;
            try {
                message = FrameCodec.decode(frame.slice(HEADER_BYTES, frame.limit() - HEADER_BYTES));
            } catch (IOException e) {
                throw new Violation("NoError", "a message could not be read: " + e, e);
            }
            former.to.turn(() -> former.to.host().received(message, former.life));
        }
    }
}
