package dev.unwrite.conformance.matrix;

import java.util.List;

/**
 * Code that is wrong on purpose.
 *
 * @param name how it is called in the matrix
 * @param rule the rule that it leaves out, or {@link #SLIP}
 * @param wrong one sentence: what the mutated code does
 * @param hunks what is changed; empty for {@link #CANARY} only
 */
record Mutant(String name, String rule, String wrong, List<Hunk> hunks) {
    static final String SLIP = "slip";

    /** Not mutated at all: no layer may catch it. */
    static final Mutant CANARY = new Mutant("canary", SLIP, "Nothing is changed: every layer has to pass.", List.of());

    Mutant {
        hunks = List.copyOf(hunks);
    }

    /**
     * One replacement.
     *
     * @param file the source, below {@code impl/src/main/java}
     * @param before the text that stands there, exactly once
     * @param after the text that takes its place
     */
    record Hunk(String file, String before, String after) {
        /** The source with the replacement made. */
        String apply(String source) {
            int at = source.indexOf(before);
            if (at < 0) {
                throw new IllegalStateException(file + " does not hold the text to be replaced: " + firstLine());
            }
            if (source.indexOf(before, at + 1) >= 0) {
                throw new IllegalStateException(file + " holds the text to be replaced twice: " + firstLine());
            }
            return source.substring(0, at) + after + source.substring(at + before.length());
        }

        private String firstLine() {
            return before.lines().findFirst().orElse("").strip();
        }
    }

    boolean isRule() {
        return !rule.equals(SLIP);
    }
}
