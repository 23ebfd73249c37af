package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.StorageHistory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Decides around which moments the messages are shown. */
final class MomentWindows {
    /** Takeovers on one page. */
    static final int TAKEOVERS_MAX = 30;

    private static final long AROUND_NANOS = 300_000_000;
    private static final long AFTER_ROLLBACK_NANOS = 150_000_000;
    private static final long AFTER_MAX_NANOS = 1_000_000_000;

    private MomentWindows() {}

    /** A moment, nanoseconds since 1970, and what is shown around it. */
    record Window(String title, String kind, int change, long at, long from, long to) {}

    /** The moments, the first violation first, and how many takeovers there is no room for. */
    record Chosen(List<Window> windows, int leftOut) {}

    static Chosen choose(ChaosResults results, Campaign.Settings settings, Campaign.Outcome run, Path traces)
            throws IOException {
        List<StorageHistory.Change> changes = run.storage().changes();
        List<Integer> takeovers = new ArrayList<>();
        for (int i = 1; i < changes.size(); i++) {
            if (StorageHistory.kind(changes.get(i - 1), changes.get(i)) == StorageHistory.Kind.TAKEOVER) {
                takeovers.add(i);
            }
        }
        long before = settings.options().failoverAfter().toNanos() + AROUND_NANOS;
        List<Window> windows = new ArrayList<>();
        Optional<FirstViolation> violation = FirstViolation.of(results.checks(), changes, traces);
        violation.ifPresent(one -> windows.add(
                new Window(one.what(), "violation", -1, one.at(), one.at() - AROUND_NANOS, one.at() + AROUND_NANOS)));
        int shown = Math.min(takeovers.size(), TAKEOVERS_MAX);
        for (int i = 0; i < shown; i++) {
            // Where there are too many, those that are shown are spread over the whole run.
            int number = (int) ((long) i * takeovers.size() / shown);
            windows.add(takeover(changes, takeovers.get(number), number + 1, before));
        }
        return new Chosen(windows, takeovers.size() - shown);
    }

    private static Window takeover(List<StorageHistory.Change> changes, int index, int number, long before) {
        StorageHistory.Change change = changes.get(index);
        long at = change.at();
        long rolledBack = index + 1 < changes.size() ? changes.get(index + 1).at() : at;
        long after = Math.clamp(rolledBack - at + AFTER_ROLLBACK_NANOS, AROUND_NANOS, AFTER_MAX_NANOS);
        return new Window(
                "Takeover " + number + ": " + change.owner() + ", term " + change.term(),
                "takeover",
                index,
                at,
                at - before,
                at + after);
    }
}
