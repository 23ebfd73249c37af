package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.report.GuestReport;
import dev.unwrite.chaos.report.RunRecord;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** What came of a run of a guest. */
final class VmFindings {
    private static final String LIKE_NONE = "like no checkpoint";

    private final List<ObservedTakeover> takeovers = new ArrayList<>();
    private final List<RunRecord.Switchover> switchovers = new ArrayList<>();
    private final Map<VmStrike, Integer> struck = new EnumMap<>(VmStrike.class);
    private final List<GuestReport.Life> lives = new ArrayList<>();
    private final List<String> gaps = new ArrayList<>();
    private final List<String> memories = new ArrayList<>();
    private final List<String> wrongMemories = new ArrayList<>();
    private final List<String> damaged = new ArrayList<>();
    private long told;
    private int rounds;

    void add(VmStrike strike, ObservedTakeover takeover) {
        struck.merge(strike, 1, Integer::sum);
        takeovers.add(takeover);
    }

    void add(RunRecord.Switchover switchover) {
        switchovers.add(switchover);
    }

    /** The guest has run on a host. */
    void life(GuestReport.Life life) {
        lives.add(life);
    }

    /** So long nobody heard of it, in words. */
    void gap(String gap) {
        gaps.add(gap);
    }

    /** The cut with whose memory, every page alike, the guest went on after that, if there is one. */
    void memory(String after, OptionalLong cut) {
        String line = after + ": " + (cut.isPresent() ? "checkpoint " + cut.getAsLong() : LIKE_NONE);
        (cut.isPresent() ? memories : wrongMemories).add(line);
    }

    /** A round of a database: transactions of which somebody was told, and what was found damaged then, or nothing. */
    void round(long toldOf, String database, String disk) {
        rounds++;
        told += toldOf;
        for (String each : List.of(database, disk)) {
            if (!each.isEmpty()) {
                damaged.add("round " + rounds + ": " + each);
            }
        }
    }

    List<ObservedTakeover> takeovers() {
        return takeovers;
    }

    List<RunRecord.Switchover> switchovers() {
        return switchovers;
    }

    Map<VmStrike, Integer> struck() {
        return struck;
    }

    List<GuestReport.Life> lives() {
        return lives;
    }

    List<String> gaps() {
        return gaps;
    }

    List<String> memories() {
        return memories;
    }

    List<String> wrongMemories() {
        return wrongMemories;
    }

    List<String> damaged() {
        return damaged;
    }

    int rounds() {
        return rounds;
    }

    long told() {
        return told;
    }
}
