package dev.unwrite.conformance.trace;

/** Learns how far the check of one run has come, about once a minute; called by another thread. */
@FunctionalInterface
public interface TraceProgress {
    /** Nobody asks. */
    TraceProgress NONE = (taken, all) -> {};

    /** So many of the run's steps are steps of the specification. */
    void steps(int taken, int all);
}
