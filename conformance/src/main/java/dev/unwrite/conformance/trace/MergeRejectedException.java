package dev.unwrite.conformance.trace;

/** No order of the events makes sense: {@code event} can never happen. */
final class MergeRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient TraceEvent event;

    MergeRejectedException(TraceEvent event, String why) {
        super(why);
        this.event = event;
    }

    TraceEvent event() {
        return event;
    }
}
