package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.AskedFlush;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Flushes of the machine, and of the storage, which is flushed once at a time. The protocol knows what each flush of the machine
 * owes, and says when it may be answered (rule FlushBeforeAnswer). One of all blocks is answered only after a flush of the
 * storage that began after it; a write with FUA may need none.
 */
final class Flushes {
    private final Host h;
    private final Unflushed unflushed;
    /** Asked for and not answered, by id. */
    private final Map<Long, Asked> asked = new LinkedHashMap<>();
    /** Asked for before this host is primary. */
    private List<Reply<Done>> early = new ArrayList<>();

    private long ids;
    private boolean wanted;
    private boolean underWay;
    private long askedNanos;

    /** A flush of the machine. */
    private static final class Asked {
        final Reply<Done> reply;
        /** Whether it owes nothing. */
        boolean done;
        /** Whether a flush of the storage that is under way began after it. */
        boolean begun;
        /** Whether such a flush has ended, or none is needed. */
        boolean flushed;

        Asked(Reply<Done> reply, boolean flushed) {
            this.reply = reply;
            this.flushed = flushed;
        }
    }

    Flushes(Host h, Unflushed unflushed) {
        this.h = h;
        this.unflushed = unflushed;
    }

    /** All that was answered before is durable when the reply comes; it fails only once this host owns nothing. */
    void flush(Reply<Done> reply) {
        ask(null, reply);
    }

    /** A write of these blocks has begun, with FUA: it is durable when the reply comes. */
    void flush(Blocks blocks, Reply<Done> reply) {
        ask(blocks, reply);
    }

    private void ask(@Nullable Blocks blocks, Reply<Done> reply) {
        if (h.state().role() == Role.PRIMARY) {
            long id = ++ids;
            asked.put(id, new Asked(reply, blocks != null));
            h.core.must(new Action.MachineFlush(id, blocks));
            start();
        } else {
            early.add(reply);
        }
    }

    /** As above, where there is something to flush. */
    void flushIfDirty(Reply<Done> reply) {
        if (h.state().quiet()) {
            reply.done(Done.DONE);
        } else {
            flush(reply);
        }
    }

    /** Flushes the storage without a reply, so that fewer unflushed contents must be remembered. */
    void soon() {
        if (!underWay) {
            wanted = true;
            start();
        }
    }

    /** Effect FlushDone: answered when the step is over. */
    void done(long id) {
        Asked flush = asked.get(id);
        if (flush != null) {
            flush.done = true;
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
            begin();
        }
    }

    private boolean isNeeded(HostState s) {
        if (wanted) {
            return true;
        }
        for (AskedFlush flush : s.asked()) {
            Asked here = asked.get(flush.id());
            if (here != null && !(here.done && here.flushed) && flush.isDoneBy(s.dirty())) {
                return true;
            }
        }
        return false;
    }

    private void begin() {
        h.core.must(new Action.AskFlush());
        wanted = false;
        underWay = true;
        asked.values().forEach(flush -> flush.begun = true);
        askedNanos = h.now();
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
        asked.values().forEach(flush -> flush.flushed |= flush.begun);
        unflushed.keepOnly(mayBeWrittenAgain(h.state()));
        start();
        h.writes.admit();
    }

    private void answer() {
        if (asked.isEmpty()) {
            return;
        }
        for (long id : List.copyOf(asked.keySet())) {
            Asked flush = asked.get(id);
            if (flush != null && flush.done && flush.flushed) {
                asked.remove(id);
                h.core.must(new Action.AnswerFlush(id));
                flush.reply.done(Done.DONE);
            }
        }
    }

    /** The blocks whose contents must be remembered. */
    private static Blocks mayBeWrittenAgain(HostState s) {
        Blocks blocks = s.dirty().with(s.owed());
        for (PendingWrite write : s.pending()) {
            blocks = blocks.with(write.extent());
        }
        return blocks;
    }

    /** The session ended: what its flush was to make durable is written again in the next one, and flushed there. */
    void sessionEnded() {
        underWay = false;
        asked.values().forEach(flush -> flush.begun = false);
    }

    /** This host owns nothing any more. */
    void end(Trouble why) {
        underWay = false;
        wanted = false;
        List<Reply<Done>> all = new ArrayList<>();
        asked.values().forEach(flush -> all.add(flush.reply));
        all.addAll(early);
        asked.clear();
        early = new ArrayList<>();
        all.forEach(reply -> reply.failed(why));
    }

    /** For how long a flush of the storage has been under way. */
    long waitingNanos() {
        return underWay ? h.now() - askedNanos : 0;
    }
}
