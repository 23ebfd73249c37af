package dev.unwrite.host;

/** The results of the orders that people give. */
public final class Answers {
    private Answers() {}

    /** A checkpoint is cut; its state is on its way. {@code startedNanos}: by the host's clock, when the cut began. */
    public record Cut(long term, long epoch, long startedNanos) {}

    /**
     * A checkpoint is committed.
     *
     * @param pauseNanos how long the machine stood still
     * @param tookNanos from the beginning of the cut to the commit
     * @param committedNanos when that was, by the host's clock
     */
    public record Committed(
            long term, long epoch, long stateBytes, long pauseNanos, long tookNanos, long committedNanos) {}

    /** How a host came to run the machine. */
    public enum Kind {
        /** The former primary is fenced, and the disk is back at the checkpoint. */
        TAKEOVER,
        /** As above; the takeover was decided before, and its rollback was not over. */
        ROLLBACK,
        /** The machine was started from its disk, without a checkpoint. */
        COLD,
        /** This host was primary already: nothing was done. */
        ALREADY
    }

    /** This host is primary; {@code blocks} were written back. */
    public record FailedOver(Kind kind, long term, long epoch, long blocks) {}

    /** The other host has taken over. */
    public record HandedOver(String newPrimary, long term, long epoch, long pauseNanos) {}

    /** The pair is protected; {@code already}: it was before. */
    public record Protected(String primary, String secondary, long term, long epoch, boolean already) {}
}
