package dev.unwrite.chaos.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * A takeover after a SIGKILL of the primary, which nobody announced. Its four parts follow one another: times are in milliseconds, each
 * from the end of the part before it.
 *
 * @param copiedBytes what was overwritten since the checkpoint
 * @param restoredBlocks of 4 KiB, which the rollback wrote back
 * @param detectedMillis from the kill until the secondary has been without a sign of the primary for long enough
 * @param fencedMillis until the storage has granted the new term: the former primary can write no more
 * @param rolledBackMillis until everything is written back and flushed, and the record says so
 * @param resumedMillis until the machine runs and a first write with FUA is answered over a new connection
 * @param diskMibPerSecond what dd has written to the same folder just after it, as much, past the page cache, with a flush at the end
 */
record Takeover(
        long copiedBytes,
        long restoredBlocks,
        double detectedMillis,
        double fencedMillis,
        double rolledBackMillis,
        double resumedMillis,
        double diskMibPerSecond) {
    private static final double MIB = 1 << 20;
    private static final double SECOND = 1_000;
    /** A node's log tells milliseconds. */
    private static final double RESOLUTION = 1;

    /** What the rollback wrote back, in MiB a second; its flush is in it. */
    double restoredMibPerSecond() {
        return restoredBlocks * 4096 / MIB / (Math.max(RESOLUTION, rolledBackMillis) / SECOND);
    }

    /** How fast the rollback was as a multiple of dd. */
    double ratioToDisk() {
        return restoredMibPerSecond() / diskMibPerSecond;
    }

    /** All that comes after the detection but the rollback. */
    double elseMillis() {
        return fencedMillis + resumedMillis;
    }

    /** From the kill to the first write. */
    double allMillis() {
        return detectedMillis + fencedMillis + rolledBackMillis + resumedMillis;
    }

    /** Of those of each size, the one in the middle by what came after its detection: that is chosen with --failover-after. */
    static List<Takeover> middles(List<Takeover> all) {
        TreeMap<Long, List<Takeover>> bySize = new TreeMap<>();
        all.forEach(takeover -> bySize.computeIfAbsent(takeover.copiedBytes(), size -> new ArrayList<>())
                .add(takeover));
        return bySize.values().stream()
                .map(same -> same.stream()
                        .sorted(Comparator.comparingDouble(
                                takeover -> takeover.allMillis() - takeover.detectedMillis()))
                        .toList()
                        .get(same.size() / 2))
                .toList();
    }
}
