package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How to go through the recorded schedule again, in the simulator.
 *
 * @param all from beginning to end
 * @param moment up to the first violation, telling what happens around it; null if there is none that has a moment
 */
record ReplayCommand(String all, @Nullable String moment) {
    private static final double MILLIS_A_SECOND = 1_000;

    /** {@code dir} is the folder of the campaign, as a person would give it. */
    static ReplayCommand of(Path dir, List<MomentWindows.Window> windows, long startedAt) {
        String all = "unwrite simulate --recorded " + dir;
        return windows.stream()
                .filter(window -> window.kind().equals("violation"))
                .findFirst()
                .map(window -> new ReplayCommand(
                        all,
                        all + " --from " + seconds(startedAt, window.from()) + " --to "
                                + seconds(startedAt, window.to())))
                .orElse(new ReplayCommand(all, null));
    }

    private static String seconds(long startedAt, long moment) {
        return String.format(Locale.ROOT, "%.2f", Math.max(0, Moment.millisAfter(startedAt, moment)) / MILLIS_A_SECOND);
    }
}
