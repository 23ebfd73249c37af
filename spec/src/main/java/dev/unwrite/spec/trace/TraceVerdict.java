package dev.unwrite.spec.trace;

import dev.unwrite.spec.tlc.TlcResult;
import java.time.Duration;

/** Whether a specification accepts a trace. */
public sealed interface TraceVerdict {
    /**
     * There is a behaviour of the specification that makes the recorded steps, to the last.
     *
     * @param events how many events the trace has
     * @param states distinct states looked at
     * @param time from start to end
     */
    record Accepted(int events, long states, Duration time) implements TraceVerdict {}

    /**
     * There is none.
     *
     * @param events how many events the trace has
     * @param furthestIndex the first event, from 1, that fits no step of any behaviour that fits those before it
     * @param event that event as it stands in the trace
     * @param states distinct states looked at
     * @param time from start to end
     */
    record Rejected(int events, int furthestIndex, String event, long states, Duration time) implements TraceVerdict {}

    /**
     * Nobody knows: the trace cannot be read, is empty, or TLC did not do its work. Neither good nor bad news.
     *
     * @param why one line for a person
     */
    record Broken(String why) implements TraceVerdict {
        static Broken of(TlcResult result) {
            String why = result.why().replaceFirst("^.*it produced the following error: ", "");
            return new Broken(result.verdict() + ": " + why);
        }
    }
}
