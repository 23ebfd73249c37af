package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import java.util.ArrayList;
import java.util.List;

/**
 * Flushes of the storage, one at a time: a flush that is asked for meanwhile waits for the next, with all others that do. A
 * flush that is answered was carried out by the storage after it was asked for, in a session in which nothing was owed.
 */
final class Flushes {
    private final Host h;
    private final Unflushed unflushed;
    private List<Reply<Done>> waiting = new ArrayList<>();
    private List<Reply<Done>> covered = List.of();
    private boolean underWay;
    private long askedNanos;

    Flushes(Host h, Unflushed unflushed) {
        this.h = h;
        this.unflushed = unflushed;
    }

    /** All that was answered before is durable when the reply comes; it fails only once this host owns nothing. */
    void flush(Reply<Done> reply) {
        waiting.add(reply);
        start();
    }

    /** As above, where there is something to flush. */
    void flushIfDirty(Reply<Done> reply) {
        if (h.state().quiet()) {
            reply.done(Done.DONE);
        } else {
            flush(reply);
        }
    }

    /** Begins a flush that nobody waits for, so that not too much has to be remembered. */
    void soon() {
        if (!underWay && waiting.isEmpty()) {
            flush(Reply.of(done -> {}, why -> {}));
        }
    }

    /** The volumes are readable, in another session than before. */
    void start() {
        if (underWay || waiting.isEmpty() || !h.sessions.isReadable()) {
            return;
        }
        h.core.must(new Action.AskFlush());
        underWay = true;
        askedNanos = h.now();
        covered = waiting;
        waiting = new ArrayList<>();
        long session = h.sessions.number();
        h.storage()
                .flush(session, Reply.of(done -> flushed(session), why -> h.sessions.broke(session, why)));
    }

    private void flushed(long session) {
        if (!h.sessions.is(session) || !underWay) {
            return;
        }
        underWay = false;
        if (!h.state().flushing().isEmpty()) {
            h.core.must(new Action.Flush(session));
        }
        unflushed.keepOnly(mayBeWrittenAgain(h.state()));
        List<Reply<Done>> all = covered;
        covered = List.of();
        all.forEach(reply -> reply.done(Done.DONE));
        start();
        h.writes.admit();
    }

    /** Whose contents have to be remembered. */
    private static Blocks mayBeWrittenAgain(HostState s) {
        Blocks blocks = s.dirty().with(s.owed());
        for (PendingWrite write : s.pending()) {
            blocks = blocks.with(write.extent());
        }
        return blocks;
    }

    /** The session is of no use any more: what its flush was to cover waits for the next. */
    void sessionEnded() {
        underWay = false;
        List<Reply<Done>> all = new ArrayList<>(covered);
        all.addAll(waiting);
        covered = List.of();
        waiting = all;
    }

    /** This host owns nothing any more. */
    void end(Trouble why) {
        sessionEnded();
        List<Reply<Done>> all = waiting;
        waiting = new ArrayList<>();
        all.forEach(reply -> reply.failed(why));
    }

    /** For how long a flush has been under way. */
    long waitingNanos() {
        return underWay ? h.now() - askedNanos : 0;
    }
}
