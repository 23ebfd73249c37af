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
    /** What is to be flushed for somebody: the writes up to that number, which may have been answered and not be done. */
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

    /** Begins a flush that nobody waits for, so that not too much has to be remembered. */
    void soon() {
        if (!underWay && waiting.isEmpty()) {
            flush(Reply.of(done -> {}, why -> {}));
        }
    }

    /**
     * The volumes are readable, in another session than before. Pending writes stand there for what earlier ones had written to
     * their blocks, and the storage may have lost: whoever waits for a flush waits for them too.
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
