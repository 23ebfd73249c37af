package dev.unwrite.host;

import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends saved states to the secondary, one after the other. Each is kept until it is known to be committed, so that it can be
 * sent again over a new connection.
 */
final class StatesSent {
    private static final long RETRY = 200 * Timers.MILLI;
    /** The time from the last byte of a state to its commit; half of that for a host that reports that it cannot. */
    private static final long COMMIT_MAX = 10 * Timers.SECOND;
    /** The slowest disk to allow for, which adds time for large states. */
    private static final long SLOWEST_BYTES_PER_MILLI = 16_000;

    private static final class State {
        final long term;
        final long epoch;
        final long base;
        final Saved saved;
        /** The connection over which it was sent last. */
        long sentOver = -1;

        long notBefore;
        /** What is in it, without what tells the parts apart; negative until it was sent to its end. */
        long bytes = -1;
        /** When it last made progress: it grew, or became the next to be committed. */
        long hopefulSince;
        /** How much was ever sent over one connection. */
        long reached;

        String refusal = "";

        State(long term, long epoch, long base, Saved saved, long now) {
            this.term = term;
            this.epoch = epoch;
            this.base = base;
            this.saved = saved;
            this.hopefulSince = now;
            this.notBefore = now;
        }
    }

    private final Host h;
    private final NavigableMap<Long, State> states = new TreeMap<>();
    private long connection;
    private @Nullable State sending;

    StatesSent(Host h) {
        this.h = h;
    }

    /** Takes the state over; it is dropped when it is committed, or not wanted any more. */
    void send(long term, long epoch, long base, Saved saved) {
        states.put(epoch, new State(term, epoch, base, saved, h.now()));
        pump();
    }

    /** A new connection: what is not committed goes again. */
    void connected() {
        connection++;
        sending = null;
        pump();
    }

    /** What was sent over this connection goes again, but for the state that is being sent. */
    void resend() {
        for (State state : states.values()) {
            state.sentOver = state == sending ? connection : -1;
        }
        pump();
    }

    /** The connection is lost. */
    void disconnected() {
        connection++;
        sending = null;
    }

    private void pump() {
        if (sending != null || !h.isPeerConnected()) {
            return;
        }
        for (State state : states.values()) {
            if (state.sentOver != connection && h.now() >= state.notBefore) {
                send(state);
                return;
            }
        }
    }

    private void send(State state) {
        sending = state;
        state.sentOver = connection;
        long over = connection;
        h.peerChannel()
                .sendState(
                        state.term,
                        state.epoch,
                        state.base,
                        state.saved,
                        Reply.of(
                                length -> {
                                    state.bytes = length;
                                    ended(state, over);
                                },
                                why -> ended(state, over)));
    }

    /** Sending has ended; ignored if it was over an earlier connection. */
    private void ended(State state, long over) {
        if (sending == state && over == connection) {
            sending = null;
            pump();
        }
    }

    /** So much of a state is on its way. */
    void progress(long term, long epoch, long bytes) {
        State state = states.get(epoch);
        if (state != null && state.term == term && bytes > state.reached) {
            state.reached = bytes;
            state.hopefulSince = h.now();
        }
    }

    /** The other host did not take the state: it goes again, a little later. */
    void refused(long term, long epoch, String why) {
        State state = states.get(epoch);
        if (state != null && state.term == term) {
            state.refusal = why;
            state.sentOver = -1;
            state.notBefore = h.now() + RETRY;
            h.timers.after(RETRY, this::pump);
        }
    }

    /**
     * Why the first state that is not committed is not waited for any longer, or null: it was sent to its end and nothing came
     * of it, or it does not go forward; sending it again is no way forward.
     */
    @Nullable
    String overdue() {
        if (states.isEmpty()) {
            return null;
        }
        State first = states.firstEntry().getValue();
        boolean refused = !first.refusal.isEmpty();
        long allowed = (refused ? COMMIT_MAX / 2 : COMMIT_MAX) + first.reached / SLOWEST_BYTES_PER_MILLI * Timers.MILLI;
        if (h.now() - first.hopefulSince <= allowed) {
            return null;
        }
        return refused
                ? "the secondary cannot take a checkpoint (" + first.refusal + ")"
                : "the secondary does not commit checkpoints";
    }

    /** The bytes of a state that was sent, as far as is known. */
    long bytesOf(long epoch) {
        State state = states.get(epoch);
        if (state == null) {
            return 0;
        }
        return state.bytes < 0 ? state.reached : state.bytes;
    }

    /** States up to this epoch are committed, or not wanted any more. */
    void dropUpTo(long epoch) {
        NavigableMap<Long, State> done = states.headMap(epoch, true);
        if (sending != null && done.containsValue(sending)) {
            sending = null;
        }
        done.values().forEach(state -> state.saved.drop());
        done.clear();
        states.values().forEach(next -> next.hopefulSince = h.now());
        pump();
    }
}
