package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import java.util.ArrayList;
import java.util.List;

/**
 * Flushes the storage, one flush at a time; requests that arrive meanwhile share the next one. A request is answered only after
 * a flush that began after the request, in a session in which nothing was owed.
 */
final class Flushes {
    private final Host h;
    private final Unflushed unflushed;
    /** A request: everything up to this write must be done and flushed. Such writes may have been answered early. */
    private record Wanted(long writes, Reply<Done> reply) {}

    private List<Wanted> waiting = new ArrayList<>();
    private List<Wanted> covered = List.of();
    private boolean underWay;
    private long askedNanos;

    Flushes(Host h, Unflushed unflushed) {
        this.h = h;
        this.unflushed = unflushed;
    }

    /** All that was answered before is durable when the reply comes; it fails only once this host owns nothing. */
    void flush(Reply<Done> reply) {
        waiting.add(new Wanted(h.writes.begunTotal(), reply));
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

    /** Begins a flush without a reply, so that fewer unflushed contents must be remembered. */
    void soon() {
        if (!underWay && waiting.isEmpty()) {
            flush(Reply.of(done -> {}, why -> {}));
        }
    }

    /**
     * The volumes are readable in a new session. Requests for a flush now also wait for all pending writes: a pending write may
     * stand for an earlier one to the same block that the storage has lost.
     */
    void startInNewSession() {
        long all = h.writes.begunTotal();
        waiting.replaceAll(wanted -> new Wanted(all, wanted.reply));
        start();
    }

    /** The volumes are readable, or a write is done. */
    void start() {
        if (underWay || waiting.isEmpty() || !h.sessions.isReadable()) {
            return;
        }
        List<Wanted> now = new ArrayList<>();
        List<Wanted> later = new ArrayList<>();
        waiting.forEach(wanted -> (h.writes.areDone(wanted.writes) ? now : later).add(wanted));
        if (now.isEmpty()) {
            return;
        }
        h.core.must(new Action.AskFlush());
        underWay = true;
        askedNanos = h.now();
        covered = now;
        waiting = later;
        long session = h.sessions.number();
        h.storage().flush(session, Reply.of(done -> flushed(session), why -> h.sessions.broke(session, why)));
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
        List<Wanted> all = covered;
        covered = List.of();
        all.forEach(wanted -> wanted.reply.done(Done.DONE));
        start();
        h.writes.admit();
    }

    /** The blocks whose contents must be remembered. */
    private static Blocks mayBeWrittenAgain(HostState s) {
        Blocks blocks = s.dirty().with(s.owed());
        for (PendingWrite write : s.pending()) {
            blocks = blocks.with(write.extent());
        }
        return blocks;
    }

    /** The session ended: requests that its flush was to serve wait for the next session. */
    void sessionEnded() {
        underWay = false;
        List<Wanted> all = new ArrayList<>(covered);
        all.addAll(waiting);
        covered = List.of();
        waiting = all;
    }

    /** This host owns nothing any more. */
    void end(Trouble why) {
        sessionEnded();
        List<Wanted> all = waiting;
        waiting = new ArrayList<>();
        all.forEach(wanted -> wanted.reply.failed(why));
    }

    /** For how long a flush has been under way. */
    long waitingNanos() {
        return underWay ? h.now() - askedNanos : 0;
    }
}
