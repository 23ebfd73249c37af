package dev.unwrite.spec.tlc;

/** How a run of TLC ended. Only {@link #HOLDS} is good news, and only {@link #BROKEN} says nothing at all. */
public enum TlcVerdict {
    /** All that was asked holds. */
    HOLDS,
    /** An ASSUME is false. */
    ASSUMPTION,
    /** A state without a successor. */
    DEADLOCK,
    /** An invariant is violated. */
    INVARIANT,
    /** A temporal or action property, or a refinement, is violated. */
    PROPERTY,
    /** An Assert failed. */
    ASSERT,
    /** An expression could not be evaluated. */
    EVALUATION,
    /** The specification could not be parsed. */
    PARSE,
    /** The configuration does not fit the specification. */
    CONFIG,
    /** TLC did not say: killed, out of memory, out of time, an exit code or a silence that nobody knows. */
    BROKEN;

    /** The verdict that an exit code of TLC claims. */
    static TlcVerdict ofExit(int exit) {
        return switch (exit) {
            case 0 -> HOLDS;
            case 10 -> ASSUMPTION;
            case 11 -> DEADLOCK;
            case 12 -> INVARIANT;
            case 13 -> PROPERTY;
            case 14 -> ASSERT;
            case 75, 76, 77 -> EVALUATION;
            case 150 -> PARSE;
            case 151 -> CONFIG;
            default -> BROKEN;
        };
    }

    /** Whether it comes with a counterexample: the specification does not have what was claimed. */
    public boolean isViolation() {
        return this == DEADLOCK || this == INVARIANT || this == PROPERTY || this == ASSERT;
    }
}
