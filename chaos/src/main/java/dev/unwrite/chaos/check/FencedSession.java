package dev.unwrite.chaos.check;

import dev.unwrite.trace.StorageTrace;
import java.util.Locale;

/**
 * What a host tried in a session that had ended or was not the owner's, and was refused. The storage writes a line for each of
 * the first refusals of a kind and then for fewer and fewer ({@link StorageTrace#REFUSALS_EACH}), so large numbers are
 * the least that there were, and more than half of what there were.
 *
 * @param term of the session: in which the host meant to act
 * @param fencedBy term of the record at the first refusal; the same as {@code term} where the host had a newer session, or
 *     its session was never the owner's
 * @param writes of any kind: zeroes and trims, too
 * @param changes of the ownership record
 * @param firstAt nanoseconds since 1970 on the storage's clock, as {@code lastAt}: of the first and last line
 */
public record FencedSession(
        String host,
        long session,
        long term,
        long fencedBy,
        long writes,
        long flushes,
        long changes,
        long firstAt,
        long lastAt) {
    /** The same after another line. */
    FencedSession and(String what, long times, long at) {
        return new FencedSession(
                host,
                session,
                term,
                fencedBy,
                what.equals("write") ? times : writes,
                what.equals("flush") ? times : flushes,
                what.equals("record") ? times : changes,
                firstAt,
                at);
    }

    /** Whether there may have been more than were counted. */
    public boolean atLeast() {
        return Math.max(writes, Math.max(flushes, changes)) >= StorageTrace.REFUSALS_EACH;
    }

    /** The session as the storage's log shows it: its boot, then its number in that. */
    public String shown() {
        return (session >>> 32) + "." + (session & 0xffff_ffffL);
    }

    /** One line for people. */
    String words() {
        return String.format(
                Locale.ROOT,
                "refused: %s in session %s of term %d (the record: term %d): %s%d writes, %d flushes, %d changes of the"
                        + " record, within %.2f s",
                host,
                shown(),
                term,
                fencedBy,
                atLeast() ? "at least " : "",
                writes,
                flushes,
                changes,
                (lastAt - firstAt) / 1e9);
    }
}
