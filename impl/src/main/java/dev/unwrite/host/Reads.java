package dev.unwrite.host;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads of clients. A read whose session breaks is repeated in the next one, once nothing is owed there. */
final class Reads {
    /** One read; compared by identity. */
    private static final class Read {
        final int volume;
        final long offset;
        final int length;
        final Reply<ByteBuffer> reply;

        Read(int volume, long offset, int length, Reply<ByteBuffer> reply) {
            this.volume = volume;
            this.offset = offset;
            this.length = length;
            this.reply = reply;
        }
    }

    private final Host h;
    private final Set<Read> underWay = new LinkedHashSet<>();
    private List<Read> waiting = new ArrayList<>();

    Reads(Host h) {
        this.h = h;
    }

    /** Reads, once no early-answered write overlaps the range. */
    void read(int volume, long offset, int length, Reply<ByteBuffer> reply) {
        start(new Read(volume, offset, length, reply));
    }

    private void start(Read read) {
        if (!h.sessions.isReadable() || h.writes.isChanging(read.volume, read.offset, read.length)) {
            waiting.add(read);
            return;
        }
        underWay.add(read);
        long session = h.sessions.number();
        h.storage()
                .read(
                        session,
                        read.volume,
                        read.offset,
                        read.length,
                        Reply.of(
                                bytes -> {
                                    if (underWay.remove(read)) {
                                        read.reply.done(bytes);
                                    }
                                },
                                why -> failed(read, session, why)));
    }

    private void failed(Read read, long session, Trouble why) {
        if (!underWay.contains(read)) {
            return; // It has gone again in another session.
        }
        if (why.isAnswer()) {
            underWay.remove(read);
            read.reply.failed(why);
        } else {
            h.sessions.broke(session, why);
        }
    }

    /** The volumes are readable, or a write is done. */
    void start() {
        if (waiting.isEmpty()) {
            return;
        }
        List<Read> all = waiting;
        waiting = new ArrayList<>();
        all.forEach(this::start);
    }

    /** The session ended: its reads are repeated in the next one. */
    void sessionEnded() {
        waiting.addAll(underWay);
        underWay.clear();
    }

    /** This host owns nothing any more. */
    void end(Trouble why) {
        sessionEnded();
        List<Read> all = waiting;
        waiting = new ArrayList<>();
        all.forEach(read -> read.reply.failed(why));
    }
}
