package dev.unwrite.chaos.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A cut as a moment that nobody saw: everything that is known of it says that it was not before, or not after, some other
 * moment. What cannot all be true is a finding.
 */
final class CutMoment {
    private Span known = Span.ALWAYS;
    private final List<List<Span>> choices = new ArrayList<>();

    /** From one moment to another, and who says so. */
    record Span(long from, String fromWhy, long to, String toWhy) {
        static final Span ALWAYS = new Span(Long.MIN_VALUE, "", Long.MAX_VALUE, "");

        /** The part of it that is not before {@code at}. */
        Span from(long at, String why) {
            return at > from ? new Span(at, why, to, toWhy) : this;
        }

        /** The part of it that is not after {@code at}. */
        Span to(long at, String why) {
            return at < to ? new Span(from, fromWhy, at, why) : this;
        }

        Span and(Span other) {
            return from(other.from, other.fromWhy).to(other.to, other.toWhy);
        }

        /** All that is in either, and what lies between. */
        Span hull(Span other) {
            Span first = from <= other.from ? this : other;
            Span last = to >= other.to ? this : other;
            return new Span(first.from, first.fromWhy, last.to, last.toWhy);
        }

        boolean isEmpty() {
            return from > to;
        }
    }

    /** The cut was after {@code at}, since {@code why}. */
    void after(long at, String why) {
        known = known.from(at, why);
    }

    /** The cut was before {@code at}, since {@code why}. */
    void before(long at, String why) {
        known = known.to(at, why);
    }

    /** The cut was within one of these, and it is not known which. */
    void withinOneOf(List<Span> spans) {
        if (spans.size() == 1) {
            known = known.and(spans.getFirst());
        } else {
            choices.add(spans);
        }
    }

    /**
     * What contradicts itself, or null. Choices are narrowed one by one as far as they go; that no moment is in one of each is
     * found where this leaves none, which is all but always, and nothing is found where there is such a moment.
     */
    @Nullable
    String contradiction() {
        Span before;
        do {
            before = known;
            for (List<Span> choice : choices) {
                if (known.isEmpty()) {
                    return words();
                }
                Span left = null;
                Span missed = Span.ALWAYS;
                for (Span span : choice) {
                    Span both = known.and(span);
                    if (both.isEmpty()) {
                        missed = both;
                    } else {
                        left = left == null ? both : left.hull(both);
                    }
                }
                known = left == null ? missed : left;
            }
        } while (!known.equals(before));
        return known.isEmpty() ? words() : null;
    }

    private String words() {
        return String.format(
                Locale.ROOT,
                "no single moment was the cut: %s, but %s, %.3f ms earlier",
                known.fromWhy(),
                known.toWhy(),
                (known.from() - known.to()) / 1e6);
    }
}
