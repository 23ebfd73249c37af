package dev.unwrite.chaos.report;

import java.util.ArrayList;
import java.util.List;

/**
 * What a report shows of a run whose machine was a guest of QEMU. All moments are milliseconds after the start of the run.
 *
 * @param checkpoints those that were committed, as far as they were seen
 * @param lives of the guest, each on one host, in their order
 */
public record GuestReport(List<Checkpoint> checkpoints, List<Life> lives) {
    private static final int LIVES_MAX = 24;
    private static final int LINES_MAX = 8;

    /**
     * A committed checkpoint.
     *
     * @param pauseMs for which the guest stood still
     * @param committedMs from its cut until it was committed, for which what the guest said before was held
     * @param bytes of its state
     */
    public record Checkpoint(double at, String host, long epoch, double pauseMs, double committedMs, long bytes) {}

    /** What a guest had on its console from when it ran on a host until it did no longer. */
    public record Life(String host, double from, double to, List<String> lines) {
        /** Copies the lines. */
        public Life {
            lines = List.copyOf(lines);
        }

        /** The first and the last lines. */
        Life brief() {
            if (lines.size() <= 2 * LINES_MAX) {
                return this;
            }
            List<String> some = new ArrayList<>(lines.subList(0, LINES_MAX));
            some.add("... (" + (lines.size() - 2 * LINES_MAX) + " lines)");
            some.addAll(lines.subList(lines.size() - LINES_MAX, lines.size()));
            return new Life(host, from, to, some);
        }
    }

    /** As much of it as a page can show. */
    GuestReport brief() {
        return new GuestReport(
                checkpoints, lives.stream().limit(LIVES_MAX).map(Life::brief).toList());
    }
}
