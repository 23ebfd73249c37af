package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.trace.RecordedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What later lines of a recording say of earlier moments that have no line: when a flush was asked for, when a process ended,
 * what a copy read.
 */
final class Foresight {
    /** By line: the hosts that ask for a flush after it. */
    private final Map<Integer, List<Integer>> flushes = new HashMap<>();
    /** By the last line of a process: the line of the start of the next one. */
    private final Map<Integer, Integer> ends = new HashMap<>();

    /** The lines at which the storage did a flush that its host heard of. */
    private final Set<Integer> flushed = new HashSet<>();

    private final Map<Read, Integer> reads = new HashMap<>();

    private record Read(int host, long term, long epoch, int block) {}

    Foresight(List<RecordedEvent> events) {
        int[] lastOf = {-1, -1};
        int[] lastFlushed = {-1, -1};
        List<Map<Integer, Integer>> writtenAt = List.of(new HashMap<>(), new HashMap<>());
        int[] notBefore = {-1, -1};
        for (int i = 0; i < events.size(); i++) {
            RecordedEvent e = events.get(i);
            if (e.action().equals("Flushed") && e.host() >= 0) {
                lastFlushed[e.host()] = i;
            }
            if (e.storage() || e.host() < 0) {
                continue;
            }
            switch (e.action()) {
                case "WriteDone" -> {
                    for (int block : e.blocks()) {
                        writtenAt.get(e.host()).put(block, i);
                    }
                }
                case "Flush" -> {
                    // It was asked for when all that it covers had been written, and nothing that it does not cover.
                    int asked = notBefore[e.host()];
                    for (int block : e.blocks()) {
                        asked = Math.max(asked, writtenAt.get(e.host()).getOrDefault(block, -1));
                    }
                    flushes.computeIfAbsent(asked, at -> new ArrayList<>()).add(e.host());
                    if (lastFlushed[e.host()] > asked) {
                        flushed.add(lastFlushed[e.host()]); // The last of its volumes.
                    }
                    notBefore[e.host()] = i; // Nor is the next one asked for before this one is answered.
                }
                case "StoreCopy" -> {
                    for (int k = 0; k < Math.min(e.blocks().size(), e.values().size()); k++) {
                        reads.put(
                                new Read(
                                        e.host(),
                                        e.term(),
                                        e.epoch(),
                                        e.blocks().get(k)),
                                e.values().get(k));
                    }
                }
                case "OpenSession", "TakeOver", "RestartRollback", "Bootstrap", "ColdStart", "ForceColdStart" ->
                    notBefore[e.host()] = i;
                case "Restart" -> {
                    if (lastOf[e.host()] >= 0) {
                        ends.put(lastOf[e.host()], i);
                    }
                    writtenAt.get(e.host()).clear();
                }
                default -> {
                    // Says nothing of what has no line.
                }
            }
            lastOf[e.host()] = i;
        }
    }

    /** The hosts that ask for a flush when this line is over. */
    List<Integer> flushesAfter(int line) {
        return flushes.getOrDefault(line, List.of());
    }

    /** Whether this line of the storage is the end of a flush that its host heard of. */
    boolean answersFlush(int line) {
        return flushed.contains(line);
    }

    /** The line with the next start of the process whose last line this is, or -1. */
    int nextStart(int line) {
        return ends.getOrDefault(line, -1);
    }

    /** What the copy that was asked for held when it was stored, or null if it never was. */
    @Nullable
    Integer read(int host, long term, long epoch, int block) {
        return reads.get(new Read(host, term, epoch, block));
    }
}
