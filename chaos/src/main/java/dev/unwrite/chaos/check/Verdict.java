package dev.unwrite.chaos.check;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collection;

/** The three verdicts. */
public enum Verdict {
    /** Checked, and right. */
    VALID("valid"),
    /** Checked, and wrong. */
    INVALID("invalid"),
    /** Could not be checked, or shows nothing. */
    UNKNOWN("unknown");

    private final String word;

    Verdict(String word) {
        this.word = word;
    }

    /** As programs and people read it. */
    @JsonValue
    public String word() {
        return word;
    }

    /** One that is wrong makes all wrong; else one that is unknown makes all unknown; nothing at all is unknown. */
    public static Verdict of(Collection<Verdict> verdicts) {
        if (verdicts.contains(INVALID)) {
            return INVALID;
        }
        return verdicts.isEmpty() || verdicts.contains(UNKNOWN) ? UNKNOWN : VALID;
    }
}
