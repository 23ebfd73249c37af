package dev.unwrite.conformance.trace;

/** No order of the events makes sense: {@code event} can never happen. */
final class MergeRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient TraceEvent event;
    private final int certain;

    MergeRejectedException(TraceEvent event, String why) {
        this(event, why, Integer.MAX_VALUE);
    }

    /** {@code certain}: the steps after so many are those of the event, taken where it may not come. */
    MergeRejectedException(TraceEvent event, String why, int certain) {
        super(why);
        this.event = event;
        this.certain = certain;
    }

    int certain() {
        return certain;
    }

    TraceEvent event() {
        return event;
    }
}
