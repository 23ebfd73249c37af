package dev.unwrite.spec.tlc;

import dev.unwrite.spec.value.TlaValue;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One state of a counterexample and the action that led to it.
 *
 * @param number from 1
 * @param action the action's name; {@link #INITIAL}, {@link #STUTTERING} or {@link #BACK} where there is none
 * @param parameters what TLC printed in parentheses after the name (later versions do), or the empty string
 * @param location where the action stands in the specification, or null
 * @param variables the state; empty for {@link #STUTTERING}
 */
public record TraceStep(
        int number,
        String action,
        String parameters,
        @Nullable String location,
        Map<String, TlaValue> variables) {
    /** The first state. */
    public static final String INITIAL = "(start)";
    /** From here on nothing ever happens. */
    public static final String STUTTERING = "(nothing more happens)";
    /** From here on the behaviour repeats from the state whose number is in {@link #location}. */
    public static final String BACK = "(and so on from an earlier step)";
}
