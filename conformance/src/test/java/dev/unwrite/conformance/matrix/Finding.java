package dev.unwrite.conformance.matrix;

/**
 * What a layer made of a mutant.
 *
 * @param verdict whether it noticed
 * @param by one line: what noticed it, or why the layer is broken; empty if it was not noticed
 * @param millis how long that took
 */
record Finding(Verdict verdict, String by, long millis) {
    enum Verdict {
        CAUGHT,
        MISSED,
        /** The layer did not come to an end as it should: never counts as caught. */
        BROKEN,
        /** The layer has nothing to say of such a mutant. */
        NONE
    }

    static Finding none() {
        return new Finding(Verdict.NONE, "", 0);
    }

    boolean isCaught() {
        return verdict == Verdict.CAUGHT;
    }
}
