package dev.unwrite.conformance.trace;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Whether the specification allows what was recorded. */
public sealed interface TraceJudgment {
    /** Whether it does. */
    default boolean isAccepted() {
        return this instanceof Accepted;
    }

    /**
     * It does.
     *
     * @param events lines of the traces
     * @param steps steps of the specification that they stand for
     * @param actions how often each action was taken
     * @param hidden steps that nobody recorded, by the reason: the process was killed just then
     * @param blocks how many blocks were touched
     * @param checking of that, how long TLC looked at the steps; for many runs at once, at those of all
     * @param time from start to end
     */
    record Accepted(
            int events,
            int steps,
            SortedMap<String, Integer> actions,
            Map<String, Integer> hidden,
            int blocks,
            Duration checking,
            Duration time)
            implements TraceJudgment {}

    /**
     * It does not.
     *
     * @param events lines of the traces
     * @param file the trace with the first event that fits no behaviour of the specification
     * @param line of that event, from 1
     * @param event the line itself
     * @param why what failed: one line
     * @param conjunct what of the specification is false there, with its place and the values it speaks of; empty if
     *     the events have no order at all
     * @param enabled the actions that were enabled at that host
     * @param details what the specification has there, and what it would have allowed
     * @param time from start to end
     */
    record Rejected(
            int events,
            Path file,
            int line,
            String event,
            String why,
            String conjunct,
            List<String> enabled,
            List<String> details,
            Duration time)
            implements TraceJudgment {}
}
