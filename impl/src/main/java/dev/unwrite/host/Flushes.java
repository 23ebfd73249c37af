package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.AskedFlush;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Flushes of the machine and of the host, by flushes of the storage, one at a time. The protocol knows what each flush of the
 * machine owes, and says when it may be answered (rule FlushBeforeAnswer). A flush of all blocks is answered only after a flush
 * of the storage that began after it; a write with FUA may need none.
 */
final class Flushes {
    /** The id of a flush that no machine asked for. */
    private static final long OWN = 0;

    private final Host h;
    private final Unflushed unflushed;
    private final List<Wanted> wanted = new ArrayList<>();
    /** Asked for before this host is primary. */
    private List<Reply<Done>> early = new ArrayList<>();

    private long ids = OWN;
    private boolean soon;
    private boolean underWay;
    private long askedNanos;

    /** A flush that is not answered. */
    private static final class Wanted {
        final long id;
        final Reply<Done> reply;
        /** Of the host's own: everything up to this write must be done before the storage is flushed. */
        long writes;
        /** Whether it owes nothing, by the protocol. */
        boolean done;
        /** Whether the flush of the storage that is under way is one for it. */
        boolean begun;
        /** Whether such a flush has ended, or none is needed. */
        boolean flushed;

        Wanted(long id, Reply<Done> reply) {
            this.id = id;
            this.reply = reply;
        }
    }

    Flushes(Host h, Unflushed unflushed) {
        this.h = h;
        this.unflushed = unflushed;
    }

    /** All that was answered before is durable when the reply comes; it fails only once this host owns nothing. */
    void flush(Reply<Done> reply) {
        if (h.state().role() == Role.PRIMARY) {
            ask(null, reply);
        } else {
            early.add(reply);
        }
    }

    /** A write of these blocks has begun, with FUA: it is durable when the reply comes. */
    void flush(Blocks blocks, Reply<Done> reply) {
        ask(blocks, reply);
    }

    private void ask(@Nullable Blocks blocks, Reply<Done> reply) {
        Wanted flush = new Wanted(++ids, reply);
        flush.flushed = blocks != null;
        wanted.add(flush);
        h.core.must(new Action.MachineFlush(flush.id, blocks));
        start();
    }

    /** Flushes what was written until now, if anything was, for the host itself. */
    void flushIfDirty(Reply<Done> reply) {
        if (h.state().quiet()) {
            reply.done(Done.DONE);
            return;
        }
        Wanted flush = new Wanted(OWN, reply);
        flush.writes = h.writes.begunTotal();
        flush.done = true;
        wanted.add(flush);
        start();
    }

    /** Flushes the storage without a reply, so that fewer unflushed contents must be remembered. */
    void soon() {
        if (!underWay) {
            soon = true;
            start();
        }
    }

    /** Effect FlushDone: answered when the step is over. */
    void done(long id) {
        for (Wanted flush : wanted) {
            flush.done |= flush.id == id;
        }
    }

    /** The volumes are readable, a write is done, or a flush may be answered. */
    void start() {
        answer();
        if (underWay || !h.sessions.isReadable() || h.state().role() != Role.PRIMARY) {
            return;
        }
        List<Reply<Done>> waiting = early;
        early = new ArrayList<>();
        waiting.forEach(this::flush);
        if (!underWay && isNeeded(h.state())) {
            begin(h.state());
        }
    }

    private boolean isNeeded(HostState s) {
        for (Wanted flush : wanted) {
            if (isServed(flush, s)) {
                return true;
            }
        }
        return soon;
    }

    /** Whether a flush of the storage that begins now is one for it. */
    private boolean isServed(Wanted flush, HostState s) {
        if (flush.id == OWN) {
            return h.writes.areDone(flush.writes);
        }
        AskedFlush asked = s.flush(flush.id);
        return asked != null && asked.isDoneBy(s.dirty());
    }

    private void begin(HostState s) {
        h.core.must(new Action.AskFlush());
        soon = false;
        underWay = true;
        wanted.forEach(flush -> flush.begun = isServed(flush, s));
        askedNanos = h.now();
        long session = h.sessions.number();
        h.storage().flush(session, Reply.of(done -> flushed(session), why -> h.sessions.broke(session, why)));
    }

    private void flushed(long session) {
        if (!h.sessions.is(session)) {
            return;
        }
        underWay = false;
        if (!h.state().flushing().isEmpty()) {
            h.core.must(new Action.Flush(session));
        }
        wanted.forEach(flush -> flush.flushed |= flush.begun);
        unflushed.keepOnly(h.state().dirty().with(h.state().owed()));
        start();
        h.writes.admit();
    }

    private void answer() {
        if (wanted.isEmpty()) {
            return;
        }
        for (Wanted flush : List.copyOf(wanted)) {
            if (flush.done && flush.flushed && wanted.remove(flush)) {
                if (flush.id != OWN) {
                    h.core.must(new Action.AnswerFlush(flush.id));
                }
                flush.reply.done(Done.DONE);
            }
        }
    }

    /** The session ended: what its flush was to make durable is written again in the next one, and flushed there. */
    void sessionEnded() {
        underWay = false;
    }

    /** This host owns nothing any more. */
    void end(Trouble why) {
        underWay = false;
        soon = false;
        List<Reply<Done>> all = new ArrayList<>(early);
        wanted.forEach(flush -> all.add(flush.reply));
        wanted.clear();
        early = new ArrayList<>();
        all.forEach(reply -> reply.failed(why));
    }

    /** For how long a flush of the storage has been under way. */
    long waitingNanos() {
        return underWay ? h.now() - askedNanos : 0;
    }
}
