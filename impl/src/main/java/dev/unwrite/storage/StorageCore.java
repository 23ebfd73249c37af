package dev.unwrite.storage;

import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The storage's part of the protocol for one group, as pure functions: who may read, who may write, who owns.
 *
 * <p>It holds rules OneConnection (a host's new session ends its earlier ones) and, with the shell's promise that a
 * write is applied under the state that admitted it, FenceBeforeRollback: once a compare-and-set has granted a higher
 * term, no write of a lower one is admitted. There is no I/O, clock or thread here; {@link StorageGroup} is the shell.
 */
public final class StorageCore {
    /** The number that stands for a connection that never attached to a session. */
    public static final long NO_SESSION = 0;

    /**
     * The most hosts of a group that can have a session at once. Names cost nothing to invent, so the longest open
     * session of a host that the record does not name gives way.
     */
    public static final int HOSTS_MAX = 64;

    private StorageCore() {}

    /** What can happen to a group. */
    public sealed interface Input {
        /** A host asks for a session; {@code number} is one that the shell has never handed out before. */
        record Open(String host, long term, long number) implements Input {}

        /** A connection asks to act for a session. */
        record Attach(String host, long session) implements Input {}

        /** A host asks to replace the record if its version is still {@code expect}. */
        record Cas(String host, long session, long expect, OwnershipRecord proposed) implements Input {}

        /** A connection asks to read or to flush. */
        record Read(String host, long session) implements Input {}

        /** A connection asks to write, trim or zero. */
        record Write(String host, long session) implements Input {}

        /** A volume may have lost what was not flushed: as in a restart, every session ends. */
        record LoseCache() implements Input {}
    }

    /** What the core says to an {@link Input}. */
    public sealed interface Answer {
        /** A session was opened; those in {@code ended} do not count any more. */
        record Opened(Session session, List<Session> ended) implements Answer {}

        /** The outcome of a compare-and-set and the record that is now in force. */
        record Compared(boolean ok, OwnershipRecord record) implements Answer {}

        /** Go on. */
        record Allowed() implements Answer {}

        /** Not allowed, and why. */
        record Denied(Denial denial) implements Answer {}

        /** The request makes no sense; {@code why} is one line. */
        record Rejected(String why) implements Answer {}

        /** Every session ended. */
        record Lost(List<Session> ended) implements Answer {}
    }

    /** Why a request is not carried out. */
    public enum Denial {
        /** The connection never attached, so it only reads. */
        STRANGER,
        /** The session's host does not own the group, or not in the session's term. */
        NOT_OWNER,
        /** The session was the owner's, and the record has moved to a higher term. */
        FENCED,
        /** The host has opened a newer session, or the storage has restarted since. */
        ENDED
    }

    /** The next state and what to say. */
    public record Step(StorageState state, Answer answer) {}

    /** One step; the only way to make a new state. */
    public static Step step(StorageState state, Input input) {
        return switch (input) {
            case Input.Open open -> open(state, open);
            case Input.Attach attach -> attach(state, attach);
            case Input.Cas cas -> cas(state, cas);
            case Input.Read read -> new Step(state, answer(denyRead(state, read.host(), read.session())));
            case Input.Write write -> new Step(state, answer(denyWrite(state, write.host(), write.session())));
            case Input.LoseCache lose ->
                new Step(
                        state.withSessions(state.lastSession(), new LinkedHashMap<>()),
                        new Answer.Lost(List.copyOf(state.sessions().values())));
        };
    }

    /** Why this session may not read now, or null if it may. */
    public static @Nullable Denial denyRead(StorageState state, String host, long session) {
        if (session == NO_SESSION) {
            return null;
        }
        Session found = state.find(host, session);
        if (found == null) {
            return Denial.ENDED;
        }
        // Whoever was the owner would take what it reads for its own disk, which by now is another's.
        return found.owned() && found.term() < state.record().term() ? Denial.FENCED : null;
    }

    /** Why this session may not write now, or null if it may. At most one session of a group may. */
    public static @Nullable Denial denyWrite(StorageState state, String host, long session) {
        if (session == NO_SESSION) {
            return Denial.STRANGER;
        }
        Denial read = denyRead(state, host, session);
        if (read != null) {
            return read;
        }
        Session writer = state.writer();
        return writer != null && writer.number() == session ? null : Denial.NOT_OWNER;
    }

    private static Answer answer(@Nullable Denial denial) {
        return denial == null ? new Answer.Allowed() : new Answer.Denied(denial);
    }

    private static Step open(StorageState state, Input.Open open) {
        if (open.term() < 0) {
            return new Step(state, new Answer.Rejected("term cannot be negative"));
        }
        if (open.number() <= state.lastSession()) {
            throw new IllegalArgumentException("session number " + open.number() + " is not new");
        }
        SequencedMap<String, Session> sessions = new LinkedHashMap<>(state.sessions());
        List<Session> ended = new ArrayList<>();
        Session earlier = sessions.remove(open.host());
        if (earlier != null) {
            ended.add(earlier);
        } else if (sessions.size() >= HOSTS_MAX) {
            Session evicted = evictable(state);
            sessions.remove(evicted.host());
            ended.add(evicted);
        }
        OwnershipRecord record = state.record();
        boolean owned = record.owner().equals(open.host()) && record.term() == open.term();
        Session session = new Session(open.number(), open.host(), open.term(), owned);
        sessions.put(open.host(), session);
        return new Step(state.withSessions(open.number(), sessions), new Answer.Opened(session, List.copyOf(ended)));
    }

    private static Session evictable(StorageState state) {
        for (Session session : state.sessions().values()) {
            if (!session.host().equals(state.record().owner())
                    && !session.host().equals(state.record().secondary())) {
                return session;
            }
        }
        throw new IllegalStateException("more than two hosts are named by the record");
    }

    private static Step attach(StorageState state, Input.Attach attach) {
        boolean newest = state.find(attach.host(), attach.session()) != null;
        return new Step(state, newest ? new Answer.Allowed() : new Answer.Denied(Denial.ENDED));
    }

    private static Step cas(StorageState state, Input.Cas cas) {
        Session session = state.find(cas.host(), cas.session());
        if (session == null) {
            // The host itself has given this one up: applied late, it could undo what the newer session did.
            return new Step(state, new Answer.Denied(Denial.ENDED));
        }
        OwnershipRecord current = state.record();
        if (current.version() != cas.expect()) {
            return new Step(state, new Answer.Compared(false, current));
        }
        OwnershipRecord proposed = cas.proposed();
        if (proposed.term() < current.term()) {
            return rejected(state, "term " + proposed.term() + " is below the record's, " + current.term());
        }
        if (proposed.term() == current.term() && !proposed.owner().equals(current.owner())) {
            return rejected(state, "another owner needs a term above the record's, " + current.term());
        }
        OwnershipRecord next = proposed.withVersion(current.version() + 1);
        SequencedMap<String, Session> sessions = new LinkedHashMap<>(state.sessions());
        Session owners = sessions.get(next.owner());
        if (owners != null && owners.term() == next.term()) {
            sessions.replace(owners.host(), owners.asOwned());
        }
        return new Step(new StorageState(next, state.lastSession(), sessions), new Answer.Compared(true, next));
    }

    private static Step rejected(StorageState state, String why) {
        return new Step(state, new Answer.Rejected(why));
    }
}
