package dev.unwrite.chaos.bench;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is aimed at, and what came of it in this run.
 *
 * @param row what {@link #row} makes of the row of the table that it is about, or an empty text
 * @param what is compared
 * @param isLeast whether the figure has to be at least the bound; otherwise at most
 * @param figure null where this run did not measure it
 */
record Target(
        String row,
        String what,
        boolean isLeast,
        double bound,
        @Nullable Double figure) {
    private static final double LARGE = 100;

    /** Of a cell. */
    static String row(String setup, Workload workload, boolean isCold) {
        return setup + " " + workload.id() + (isCold ? " cold" : "");
    }

    boolean isMeasured() {
        return figure != null;
    }

    /** The bound itself will do. */
    boolean isMet() {
        Double measured = figure;
        return measured != null && (isLeast ? measured >= bound : measured <= bound);
    }

    /** One word, or two. */
    String verdict() {
        return isMeasured() ? isMet() ? "met" : "missed" : "not measured";
    }

    /** {@code at least 8}. */
    String boundWords() {
        return (isLeast ? "at least " : "at most ") + number(bound);
    }

    /** Rounded to the worse side, so that what is just missed does not look as if it were met; a dash where there is none. */
    String figureWords() {
        Double measured = figure;
        if (measured == null) {
            return "-";
        }
        if (measured.isInfinite() || measured.isNaN()) {
            return measured.toString();
        }
        int digits = Math.abs(measured) < LARGE ? 3 : 1;
        return String.format(
                Locale.ROOT,
                digits == 3 ? "%.3f" : "%,.1f",
                BigDecimal.valueOf(measured).setScale(digits, isLeast ? RoundingMode.FLOOR : RoundingMode.CEILING));
    }

    /** Beside the row of the table. */
    String besideRow() {
        return what.substring(what.indexOf(": ") + 2) + " " + figureWords() + ", target " + boundWords() + ": "
                + verdict();
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%,.0f", value) : Double.toString(value);
    }
}
