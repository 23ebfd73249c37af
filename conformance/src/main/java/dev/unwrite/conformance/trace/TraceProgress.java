package dev.unwrite.conformance.trace;

import java.util.Locale;
import java.util.function.Consumer;

/** Learns how far the check of one run has come, about once a minute; called by another thread. */
@FunctionalInterface
public interface TraceProgress {
    /** Nobody asks. */
    TraceProgress NONE = (taken, all) -> {};

    /** Says it in a line. */
    static TraceProgress inLines(Consumer<String> tell) {
        return (taken, all) -> tell.accept(String.format(Locale.ROOT, "%,d of %,d steps", taken, all));
    }

    /** So many of the run's steps are steps of the specification. */
    void steps(int taken, int all);
}
