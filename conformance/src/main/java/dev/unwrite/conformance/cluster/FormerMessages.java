package dev.unwrite.conformance.cluster;

import dev.unwrite.peer.FrameCodec;
import dev.unwrite.peer.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Messages that have arrived or were lost. No connection of today repeats them or brings them late; the protocol has to
 * survive it all the same.
 */
final class FormerMessages {
    private static final int HEADER_BYTES = 8;
    private static final int MOST = 64;

    private final List<Former> messages = new ArrayList<>();

    private static final class Former {
        final int life;
        final SimHost to;
        private final byte[] frame;
        private @Nullable Class<?> kind;

        Former(int life, SimHost to, byte[] frame) {
            this.life = life;
            this.to = to;
            this.frame = frame;
        }

        Class<?> kind() {
            Class<?> known = kind;
            if (known == null) {
                known = message().getClass();
                kind = known;
            }
            return known;
        }

        PeerMessage message() {
            ByteBuffer whole = ByteBuffer.wrap(frame);
            try {
                return FrameCodec.decode(whole.slice(HEADER_BYTES, whole.limit() - HEADER_BYTES));
            } catch (IOException e) {
                throw new Violation("NoError", "a message could not be read: " + e, e);
            }
        }
    }

    void add(SimHost from, SimHost to, byte[] frame) {
        messages.add(new Former(from.life(), to, frame));
        if (messages.size() > MOST) {
            messages.removeFirst();
        }
    }

    /**
     * One of them arrives once more. An even {@code choice} counts back from the newest; an odd one chooses a kind, and of it the
     * newest or the oldest, so that a kind that is rare comes as often as any other.
     */
    void again(int choice) {
        if (messages.isEmpty()) {
            return;
        }
        List<Former> candidates = messages.reversed();
        if (choice % 2 == 1) {
            Map<Class<?>, Former> newest = new LinkedHashMap<>();
            Map<Class<?>, Former> oldest = new LinkedHashMap<>();
            candidates.forEach(one -> newest.putIfAbsent(one.kind(), one));
            candidates.forEach(one -> oldest.put(one.kind(), one));
            candidates = Stream.concat(newest.values().stream(), oldest.values().stream())
                    .toList();
        }
        Former former = candidates.get(choice / 2 % candidates.size());
        if (former.to.isRunning()) {
            PeerMessage message = former.message();
            former.to.turn(() -> former.to.host().received(message, former.life));
        }
    }

    /** Lets the newest of a kind arrive at the host once more. Throws {@link IllegalArgumentException} if there is none. */
    Runnable again(SimHost to, String kind) {
        Former former = messages.reversed().stream()
                .filter(one -> one.to == to && one.kind().getSimpleName().equals(kind))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + kind + " has arrived at " + to.name));
        PeerMessage message = former.message();
        return () -> {
            to.witness().got(to, message);
            to.turn(() -> to.host().received(message, former.life));
        };
    }
}
