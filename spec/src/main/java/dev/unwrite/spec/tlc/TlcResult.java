package dev.unwrite.spec.tlc;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came out of a run of TLC.
 *
 * @param verdict the verdict
 * @param why one line for a person: the violated property, the error, why the run broke
 * @param exit the exit code of TLC's JVM, or -1 if it had none
 * @param generated states generated
 * @param distinct distinct states
 * @param depth of the state graph, or 0 where TLC does not print it (a violated temporal property)
 * @param violated the name of what is violated, or null if nothing is or TLC does not say
 * @param trace the counterexample, from the initial state; empty if there is none
 * @param errors what TLC said of errors and warnings, in order
 * @param output the end of what TLC printed
 * @param time from start to end
 */
public record TlcResult(
        TlcVerdict verdict,
        String why,
        int exit,
        long generated,
        long distinct,
        int depth,
        @Nullable String violated,
        List<TraceStep> trace,
        List<String> errors,
        List<String> output,
        Duration time) {
    public TlcResult {
        trace = List.copyOf(trace);
        errors = List.copyOf(errors);
        output = List.copyOf(output);
    }

    /** How many steps the counterexample takes after its initial state; stuttering and going back count for none. */
    public int steps() {
        return Math.max(
                0,
                (int) trace.stream()
                                .filter(step -> !step.action().equals(TraceStep.STUTTERING))
                                .filter(step -> !step.action().equals(TraceStep.BACK))
                                .count()
                        - 1);
    }

    /** As this, with the property that was found to be the violated one. */
    public TlcResult withViolated(String name) {
        return new TlcResult(
                verdict, name + " is violated", exit, generated, distinct, depth, name, trace, errors, output, time);
    }
}
