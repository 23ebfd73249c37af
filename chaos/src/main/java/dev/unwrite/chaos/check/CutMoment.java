package dev.unwrite.chaos.check;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A cut as a moment that nobody saw: everything that is known of it says that it was not before, or not after, some other
 * moment. What cannot all be true is a finding.
 */
final class CutMoment {
    private long from = Long.MIN_VALUE;
    private long to = Long.MAX_VALUE;
    private String fromWhy = "";
    private String toWhy = "";

    /** The cut was after {@code at}, since {@code why}. */
    void after(long at, String why) {
        if (at > from) {
            from = at;
            fromWhy = why;
        }
    }

    /** The cut was before {@code at}, since {@code why}. */
    void before(long at, String why) {
        if (at < to) {
            to = at;
            toWhy = why;
        }
    }

    /** What contradicts itself, or null. */
    @Nullable
    String contradiction() {
        return from <= to
                ? null
                : String.format(
                        Locale.ROOT,
                        "no single moment was the cut: %s, but %s, %.3f ms earlier",
                        fromWhy,
                        toWhy,
                        (from - to) / 1e6);
    }
}
