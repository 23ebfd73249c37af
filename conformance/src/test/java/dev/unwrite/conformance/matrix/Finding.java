package dev.unwrite.conformance.matrix;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a layer made of a mutant.
 *
 * @param verdict whether it noticed
 * @param by one line: what noticed it, or why the layer is broken; empty if it was not noticed
 * @param millis how long that took
 */
record Finding(Verdict verdict, String by, long millis) {
    /** How the simulator says how short it could make a run. */
    private static final Pattern MOVES = Pattern.compile("in (\\d+) moves: .*");

    enum Verdict {
        CAUGHT,
        MISSED,
        /** The layer did not come to an end as it should: never counts as caught. */
        BROKEN,
        /** The layer has nothing to say of such a mutant. */
        NONE
    }

    static Finding notApplicable() {
        return new Finding(Verdict.NONE, "", 0);
    }

    /** The moves of the run that noticed it, made as short as it could be; -1 where that is not said. */
    int moves() {
        Matcher said = MOVES.matcher(by);
        return isCaught() && said.matches() ? Integer.parseInt(said.group(1)) : -1;
    }

    boolean isCaught() {
        return verdict == Verdict.CAUGHT;
    }
}
