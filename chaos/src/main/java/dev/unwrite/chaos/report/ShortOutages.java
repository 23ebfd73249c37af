package dev.unwrite.chaos.report;

import dev.unwrite.chaos.cluster.Watcher;
import java.util.ArrayList;
import java.util.List;

/** A status that came too late is no crash. */
public final class ShortOutages {
    /** A host that answers again after less than this was only slow. */
    private static final long NANOS = 250_000_000;

    private ShortOutages() {}

    /** What was seen of one host, in order, without the moments in which it was only slow to answer. */
    public static List<Watcher.Seen> without(List<Watcher.Seen> samples) {
        List<Watcher.Seen> kept = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            Watcher.Seen sample = samples.get(i);
            boolean blink = sample.status().role().equals("down")
                    && !kept.isEmpty()
                    && i + 1 < samples.size()
                    && samples.get(i + 1).at() - sample.at() < NANOS;
            if (!blink) {
                kept.add(sample);
            }
        }
        return kept;
    }
}
