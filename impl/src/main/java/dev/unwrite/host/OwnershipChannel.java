package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the ownership record, and changes it by compare-and-set. If the answer to a change is lost, a new session settles it:
 * it ends the old one, so that the change cannot happen later, and brings the record as it is.
 */
final class OwnershipChannel {
    /** How often the record is read. */
    private static final long EVERY = 500 * Timers.MILLI;

    private static final long RETRY = 100 * Timers.MILLI;

    /** Called once with the outcome of a change. */
    interface Outcome {
        /** The storage has made it; {@code session} is the one to go on with. */
        void agreed(OwnershipRecord record, SharedStorage.Session session);

        /** The storage has not made it, and never will. */
        void refused(String why);
    }

    /** One object for each change that is asked for. */
    private static final class Asked {
        final OwnershipRecord wanted;
        final Outcome outcome;

        Asked(OwnershipRecord wanted, Outcome outcome) {
            this.wanted = wanted;
            this.outcome = outcome;
        }
    }

    private final Host h;
    private OwnershipRecord record = OwnershipRecord.INITIAL;
    private boolean answers;
    private boolean reading;
    private long every = EVERY;
    private long nextRead;
    private long answersSince;
    private long silentSince = Long.MIN_VALUE;
    private List<Reply<OwnershipRecord>> waiting = new ArrayList<>();
    private List<Reply<OwnershipRecord>> asking = List.of();
    private @Nullable Asked asked;

    OwnershipChannel(Host h) {
        this.h = h;
    }

    /** The newest record that was seen. */
    OwnershipRecord record() {
        return record;
    }

    /** Whether the last request for the record was answered. */
    boolean answers() {
        return answers;
    }

    /** For how long the storage has answered without a break. */
    long answersNanos() {
        return answers ? h.now() - answersSince : 0;
    }

    /** For how long the storage has not answered, without a break. */
    long silentNanos() {
        return answers || silentSince == Long.MIN_VALUE ? 0 : h.now() - silentSince;
    }

    /** Reads the record soon. */
    void look() {
        nextRead = h.now();
    }

    /** Reads the record ten times a second from now on, as this host is being stopped. */
    void lookOften() {
        every = RETRY;
        look();
    }

    /** When the record is to be read next; while it is being read, the answer comes first. */
    long nextRead() {
        return reading ? Long.MAX_VALUE : nextRead;
    }

    /** Reads the record if it is time. */
    void readIfDue() {
        if (!reading && (h.now() >= nextRead || !waiting.isEmpty())) {
            read();
        }
    }

    /** Replies with the record as it is after this call. */
    void fresh(Reply<OwnershipRecord> reply) {
        waiting.add(reply);
        readIfDue();
    }

    /** Whether somebody waits for a fresh record already. */
    boolean isFreshWanted() {
        return !waiting.isEmpty() || !asking.isEmpty();
    }

    private void read() {
        reading = true;
        nextRead = h.now() + every;
        asking = waiting;
        waiting = new ArrayList<>();
        h.storage().readRecord(Reply.of(this::wasRead, this::wasNotRead));
    }

    private void wasRead(OwnershipRecord now) {
        reading = false;
        if (!answers) {
            answers = true;
            answersSince = h.now();
        }
        h.recordTrouble("");
        seen(now);
        List<Reply<OwnershipRecord>> all = asking;
        asking = List.of();
        all.forEach(reply -> reply.done(now));
    }

    private void wasNotRead(Trouble why) {
        reading = false;
        if (answers || silentSince == Long.MIN_VALUE) {
            silentSince = h.now();
        }
        answers = false;
        nextRead = h.now() + RETRY;
        List<Reply<OwnershipRecord>> all = asking;
        asking = List.of();
        if (why.kind() == Trouble.Kind.WRONG_IDENTITY || why.kind() == Trouble.Kind.NAME_IN_USE) {
            h.end(why.text());
        } else {
            h.recordTrouble(why.text());
        }
        all.forEach(reply -> reply.failed(why));
    }

    /** Follows the record: a newer owner means to step down. */
    void seen(OwnershipRecord now) {
        if (now.version() < record.version()) {
            return; // It was read before what is known came about.
        }
        record = now;
        if (h.state().proposal() != null) {
            return; // It may be what this host has asked for; once that is decided, the record is looked at again.
        }
        if (h.core.take(new Action.StepDown(now))) {
            h.log("steps down: the record is " + describe(now));
            h.onSteppedDown(now);
        } else {
            h.learn(now);
        }
    }

    /** Changes the record in the session of an owner. */
    void change(Change change, Outcome outcome) {
        OwnershipRecord now = h.state().record();
        OwnershipRecord wanted = propose(change, now, outcome);
        if (wanted == null) {
            return;
        }
        Asked ask = new Asked(wanted, outcome);
        asked = ask;
        long session = h.sessions.number();
        if (!h.sessions.is(session)) {
            return; // The next session is on its way, and settles it: nothing was asked, so the record says no.
        }
        h.storage()
                .compareAndSet(
                        session,
                        now.version(),
                        wanted,
                        Reply.of(
                                changed -> {
                                    if (asked == ask) {
                                        decided(changed);
                                    }
                                },
                                why -> {
                                    if (asked == ask) {
                                        h.sessions.broke(session, new Trouble(Trouble.Kind.LOST, why.text()));
                                    }
                                }));
    }

    /** A new session of an owner: whatever it asked before is decided. */
    void settle(OwnershipRecord now) {
        if (asked != null) {
            decided(new SharedStorage.Changed(now.equals(asked.wanted), now));
        }
        seen(now);
    }

    private void decided(SharedStorage.Changed changed) {
        Asked ask = asked;
        SharedStorage.Session session = h.sessions.current();
        if (ask == null || session == null) {
            return;
        }
        asked = null;
        if (changed.agreed()) {
            note(changed.record());
            ask.outcome.agreed(changed.record(), session);
        } else {
            h.core.must(new Action.NotAgreed());
            ask.outcome.refused("the record is " + describe(changed.record()) + " by now");
            seen(changed.record());
        }
    }

    private void note(OwnershipRecord now) {
        record = now.version() >= record.version() ? now : record;
    }

    private @Nullable OwnershipRecord propose(Change change, OwnershipRecord now, Outcome outcome) {
        wanted = null;
        String why = h.core.take(new Action.Propose(change, now), null);
        if (why != null) {
            outcome.refused(why);
            return null;
        }
        return wanted;
    }

    /** Set by the effect of the step that was just taken. */
    private @Nullable OwnershipRecord wanted;

    void compareAndSet(Effect.CompareAndSet effect) {
        wanted = effect.record();
    }

    // ---- Of a host that is to become the owner.

    /** Changes the record, in a session that is opened for it; it becomes this owner's session if that is agreed. */
    void claim(Change change, OwnershipRecord now, Outcome outcome) {
        h.storage()
                .open(
                        now.term() + 1,
                        Reply.of(
                                session -> ask(change, now, session, outcome),
                                why -> outcome.refused(fatal(why) ? why.text() : "no session: " + why.text())));
    }

    private boolean fatal(Trouble why) {
        if (why.kind() == Trouble.Kind.WRONG_IDENTITY || why.kind() == Trouble.Kind.NAME_IN_USE) {
            h.end(why.text());
            return true;
        }
        return false;
    }

    private void ask(Change change, OwnershipRecord now, SharedStorage.Session session, Outcome outcome) {
        // A host that has ended meanwhile would own a machine that nobody runs.
        OwnershipRecord next = h.isEnded() ? null : propose(change, now, outcome);
        if (next == null) {
            h.storage().close(session.number());
            return;
        }
        h.storage()
                .compareAndSet(
                        session.number(),
                        now.version(),
                        next,
                        Reply.of(changed -> claimed(changed, next, session, outcome), why -> {
                            h.storage().close(session.number());
                            find(next, now.term() + 1, outcome);
                        }));
    }

    /** Finds out the outcome. Tries without limit, since nothing else can be decided before it is known. */
    private void find(OwnershipRecord next, long term, Outcome outcome) {
        h.storage()
                .open(
                        term,
                        Reply.of(
                                session -> claimed(
                                        new SharedStorage.Changed(
                                                session.record().equals(next), session.record()),
                                        next,
                                        session,
                                        outcome),
                                why -> {
                                    if (!fatal(why)) {
                                        h.recordTrouble(why.text());
                                        h.timers.after(RETRY, () -> find(next, term, outcome));
                                    }
                                }));
    }

    private void claimed(
            SharedStorage.Changed changed, OwnershipRecord next, SharedStorage.Session session, Outcome outcome) {
        if (h.isEnded()) {
            h.storage().close(session.number());
            return;
        }
        if (changed.agreed()) {
            note(next);
            outcome.agreed(next, session);
            return;
        }
        h.storage().close(session.number());
        if (h.state().proposal() != null) {
            h.core.must(new Action.NotAgreed());
        }
        outcome.refused("the record is " + describe(changed.record()) + " by now");
        seen(changed.record());
    }

    /** For people. */
    static String describe(OwnershipRecord record) {
        return record.mode().wire() + ", term " + record.term() + ", owner "
                + (record.owner().isEmpty() ? "nobody" : record.owner())
                + (record.secondary().isEmpty() ? "" : ", secondary " + record.secondary());
    }
}
