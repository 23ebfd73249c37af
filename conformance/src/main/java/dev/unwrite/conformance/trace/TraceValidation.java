package dev.unwrite.conformance.trace;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.trace.TraceCheck;
import dev.unwrite.spec.trace.TraceVerdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Validates the traces of a pair of nodes and their storage against {@code Unwrite.tla}. */
public final class TraceValidation {
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final String HEAP = "2g";
    private static final String MODULE = "UnwriteTrace";
    /** Comes after the last event and can never be taken: a checker that takes it accepts anything. */
    private static final String CANARY =
            "{\"action\":\"NoSuchAction\",\"host\":\"A\",\"block\":0,\"value\":0,\"term\":0,\"epoch\":0,"
                    + "\"compare\":false,\"changes\":false}";

    private final long start = System.nanoTime();
    private final TraceFolder folder;
    private final Merger merger;

    private TraceValidation(TraceFolder folder) {
        this.folder = folder;
        this.merger = new Merger(folder);
    }

    /**
     * Validates traces of one group. Blocks until TLC, in a process of its own, has come to an end.
     *
     * @param paths files, or folders with {@code *.ndjson} in them or in their folder {@code trace}
     * @throws TraceFormatException if these are no traces, not all of them, or empty ones
     * @throws IOException if they cannot be read, or TLC did not do its work
     */
    public static Verdict validate(List<Path> paths) throws IOException, InterruptedException, TraceFormatException {
        return new TraceValidation(TraceFolder.read(paths)).run();
    }

    private Verdict run() throws IOException, InterruptedException, TraceFormatException {
        List<MergedStep> steps;
        try {
            steps = merger.merge();
        } catch (MergeRejectedException e) {
            return rejected(e.event(), String.valueOf(e.getMessage()), List.of());
        }
        if (steps.isEmpty()) {
            throw new TraceFormatException("the traces hold no events: they show nothing");
        }
        int reached = check(steps, 0, null);
        if (reached == steps.size() + 1) {
            return accepted(steps);
        }
        return explained(steps, reached);
    }

    /** The number of the first step that could not be taken; the one after the last if all were. */
    private int check(List<MergedStep> steps, int diagnoseAt, @org.jspecify.annotations.Nullable Path report)
            throws IOException, InterruptedException {
        Path trace = Files.createTempFile("unwrite-merged-", ".ndjson");
        try {
            List<String> lines = new ArrayList<>(steps.size() + 1);
            steps.forEach(step -> lines.add(step.json()));
            lines.add(CANARY);
            Files.write(trace, lines);
            Map<String, String> constants = new LinkedHashMap<>();
            constants.put("None", "None");
            constants.put("Host", "<- TraceHosts");
            constants.put("Block", "<- TraceBlocks");
            constants.put("Off", "<- NoRuleOff");
            constants.put("Blocks", Integer.toString(Math.max(1, merger.blocks())));
            constants.put("DiagnoseAt", Integer.toString(diagnoseAt));
            TraceVerdict verdict = new TraceCheck(SpecFiles.bundled(), LIMIT, HEAP)
                    .viewing("Position")
                    .run(MODULE, trace, constants, report);
            return switch (verdict) {
                case TraceVerdict.Rejected r -> r.furthestIndex();
                case TraceVerdict.Accepted a ->
                    throw new IOException("the checker took a step that no specification has: it is broken");
                case TraceVerdict.Broken b -> throw new IOException(b.why());
            };
        } finally {
            Files.deleteIfExists(trace);
        }
    }

    private Verdict accepted(List<MergedStep> steps) {
        SortedMap<String, Integer> actions = new TreeMap<>();
        Map<String, Integer> hidden = new TreeMap<>();
        for (MergedStep step : steps) {
            if (!step.action().equals("Lose") && !step.action().equals("Stutter")) {
                actions.merge(step.action(), 1, Integer::sum);
            }
            if (step.hidden() != null) {
                hidden.merge(step.hidden(), 1, Integer::sum);
            }
        }
        return new Verdict.Accepted(folder.events(), steps.size(), actions, hidden, merger.blocks(), time());
    }

    /** Runs again up to the step that failed, takes it without comparing, and tells the difference. */
    private Verdict explained(List<MergedStep> steps, int reached) throws IOException, InterruptedException {
        MergedStep failed = steps.get(reached - 1);
        Path report = Files.createTempFile("unwrite-report-", ".txt");
        try {
            int second = check(steps.subList(0, reached), reached, report);
            Explanation explanation =
                    Explanation.of(failed, second == reached + 1, Files.readAllLines(report), merger.table());
            return rejected(failed.source(), explanation.why(), explanation.details());
        } finally {
            Files.deleteIfExists(report);
        }
    }

    private Verdict rejected(TraceEvent event, String why, List<String> details) {
        return new Verdict.Rejected(
                folder.events(), event.file(), event.line(), event.json().toString(), why, details, time());
    }

    private Duration time() {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
