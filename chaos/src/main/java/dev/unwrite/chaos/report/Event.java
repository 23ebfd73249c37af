package dev.unwrite.chaos.report;

import java.util.Locale;

/**
 * Something that a person cares about, as the harness did or saw it.
 *
 * @param at nanoseconds since 1970
 * @param lane the process that it happened to: storage, A, B or clients
 * @param text one line, understood without the others
 */
public record Event(long at, String lane, Kind kind, String text) {
    /** What happened. */
    public enum Kind {
        /** A process was started for the first time. */
        START,
        /** A machine runs, the first time or after a takeover. */
        PRIMARY,
        /** A node got SIGKILL. */
        KILL,
        /** A killed node was started again. */
        RESTART,
        /** The pair is protected. */
        PROTECTED,
        /** A planned switchover. */
        SWITCHOVER,
        /** Anything else. */
        NOTE,
        /** The run cannot go on. */
        FAILURE;

        /** As the page spells it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether the harness broke something. */
        public boolean isFault() {
            return this == KILL;
        }
    }
}
