package dev.unwrite.conformance.trace;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.trace.BatchCheck;
import dev.unwrite.spec.trace.GuardModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Validates many runs, each by itself: those of like numbers of blocks in one JVM of TLC, up to a limit. All see the
 * greatest number of blocks among them, which changes no verdict: a block that nobody touches stays as it was.
 */
public final class TraceBatch {
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final int HEAP_MIB_MIN = 2048;
    /** All steps are in memory together, at some 350 bytes each; half of that is left for what TLC knows and throws away. */
    private static final int STEPS_PER_MIB = 1500;

    private static final String MODULE = "UnwriteTrace";
    /** Steps that one JVM looks at, at most, if there is more than one run. */
    private static final int STEPS_MAX = 250_000;
    /** Runs times blocks of one JVM, at most: it holds a state of each run. */
    private static final int BLOCKS_MAX = 200_000;
    /** Runs with no more blocks than this need not be told apart by their numbers of blocks. */
    private static final int BLOCKS_SMALL = 24;
    /** Events of the runs that are merged and in memory at once, at most, if there is more than one. */
    private static final int EVENTS_MAX = 200_000;
    /** Comes after the last event and can never be taken: a checker that takes it accepts anything. */
    private static final String CANARY =
            "{\"action\":\"NoSuchAction\",\"host\":\"A\",\"block\":0,\"value\":0,\"term\":0,\"epoch\":0,"
                    + "\"compare\":false,\"changes\":false}";

    private final long start = System.nanoTime();
    private final boolean wantEdges;
    private final TraceProgress progress;
    private final SortedSet<String> edges = new TreeSet<>();
    private Duration checking = Duration.ZERO;
    private long steps;
    private int processes;
    /** Only used by the thread that reads what TLC says. */
    private int told;

    /** A batch. */
    public TraceBatch() {
        this(false);
    }

    /** A batch of one run that tells how far it is. */
    TraceBatch(TraceProgress progress) {
        this(false, progress);
    }

    /** A batch that also collects the edges taken, if {@code wantEdges}. */
    public TraceBatch(boolean wantEdges) {
        this(wantEdges, TraceProgress.NONE);
    }

    private TraceBatch(boolean wantEdges, TraceProgress progress) {
        this.wantEdges = wantEdges;
        this.progress = progress;
    }

    /** How long TLC looked at steps so far. */
    public Duration checking() {
        return checking;
    }

    /** How many steps TLC was given so far. */
    public long steps() {
        return steps;
    }

    /** How many JVMs it took. */
    public int processes() {
        return processes;
    }

    /** The edges of the small state graph that were taken: state, action and state, with tabs between. */
    public SortedSet<String> edges() {
        return edges;
    }

    /**
     * Validates the runs.
     *
     * @return the verdicts, in the order of the runs
     * @throws IOException if TLC did not do its work
     */
    public List<TraceJudgment> validate(List<TraceFolder> runs) throws IOException, InterruptedException {
        List<TraceJudgment> verdicts = new ArrayList<>();
        List<MergedRun> some = new ArrayList<>();
        int events = 0;
        for (TraceFolder run : runs) {
            if (events > 0 && events + run.events() > EVENTS_MAX) {
                verdicts.addAll(check(some));
                some.clear();
                events = 0;
            }
            some.add(MergedRun.of(run));
            events += run.events();
        }
        verdicts.addAll(check(some));
        return verdicts;
    }

    List<TraceJudgment> check(List<MergedRun> runs) throws IOException, InterruptedException {
        List<Judged> judged = new ArrayList<>();
        runs.forEach(run -> judged.add(new Judged(run)));
        List<Judged> checked =
                judged.stream().filter(run -> run.merged.isChecked()).toList();
        for (List<Judged> group : groups(checked)) {
            judge(group);
        }
        List<Judged> asked = checked.stream().filter(Judged::isRejectedStep).toList();
        for (List<Judged> group : groups(asked)) {
            explain(group);
        }
        List<TraceJudgment> verdicts = new ArrayList<>();
        for (Judged run : judged) {
            verdicts.add(run.verdict());
        }
        return verdicts;
    }

    /** Runs that go into one JVM each. */
    private static List<List<Judged>> groups(List<Judged> runs) {
        List<Judged> sorted = new ArrayList<>(runs);
        sorted.sort(Comparator.comparingInt(Judged::blocks));
        List<List<Judged>> groups = new ArrayList<>();
        List<Judged> group = new ArrayList<>();
        int size = 0;
        for (Judged run : sorted) {
            boolean full = !group.isEmpty()
                    && (size + run.merged.steps().size() > STEPS_MAX
                            || (group.size() + 1) * run.blocks() > BLOCKS_MAX
                            || run.blocks()
                                    > Math.max(
                                            BLOCKS_SMALL, 2 * group.getFirst().blocks()));
            if (full) {
                groups.add(group);
                group = new ArrayList<>();
                size = 0;
            }
            group.add(run);
            size += run.merged.steps().size();
        }
        if (!group.isEmpty()) {
            groups.add(group);
        }
        return groups;
    }

    private void judge(List<Judged> group) throws IOException, InterruptedException {
        List<BatchCheck.Run> runs = new ArrayList<>();
        for (Judged run : group) {
            runs.add(new BatchCheck.Run(run.lines(run.merged.steps().size()), 0));
        }
        Path seen = wantEdges ? Files.createTempFile("unwrite-edges-", ".txt") : null;
        try {
            switch (check(MODULE, SpecFiles.bundled(), group, runs, null, seen)) {
                case BatchCheck.Reached reached -> {
                    checking = checking.plus(reached.checking());
                    runs.forEach(run -> steps += run.events().size() - 1);
                    for (int i = 0; i < group.size(); i++) {
                        group.get(i).next = reached.next().get(i);
                        group.get(i).checking = reached.checking();
                    }
                    if (seen != null) {
                        edges.addAll(Files.readAllLines(seen));
                    }
                }
                case BatchCheck.Broken broken -> {
                    if (group.size() == 1) {
                        throw new IOException(broken.why());
                    }
                    // One of them cannot be evaluated: the others are not to suffer from that.
                    judge(group.subList(0, group.size() / 2));
                    judge(group.subList(group.size() / 2, group.size()));
                }
            }
        } finally {
            if (seen != null) {
                Files.deleteIfExists(seen);
            }
        }
    }

    private BatchCheck.Result check(
            String module,
            SpecFiles files,
            List<Judged> group,
            List<BatchCheck.Run> runs,
            @Nullable Path report,
            @Nullable Path seen)
            throws IOException, InterruptedException {
        Map<String, String> constants = new LinkedHashMap<>();
        constants.put("None", "None");
        constants.put("Host", "<- TraceHosts");
        constants.put("Block", "<- TraceBlocks");
        constants.put("Off", "<- NoRuleOff");
        int blocks = group.stream().mapToInt(Judged::blocks).max().orElse(1);
        constants.put("Blocks", Integer.toString(Math.max(1, blocks)));
        processes++;
        List<String> also = module.equals(MODULE) ? List.of() : List.of(GuardModule.INVARIANT);
        int steps = group.stream().mapToInt(run -> run.merged.steps().size()).sum();
        String heap = Math.max(HEAP_MIB_MIN, steps / STEPS_PER_MIB) + "m";
        return new BatchCheck(files, LIMIT, heap, "Position")
                .asking(also)
                .telling(taken -> tell(taken, steps))
                .run(module, runs, constants, report, seen);
    }

    /** TLC says some things twice. */
    private void tell(int taken, int all) {
        if (taken > told) {
            told = taken;
            progress.steps(Math.min(taken, all), all);
        }
    }

    /** Runs again up to the steps that failed, takes them without comparing, and tells the difference. */
    private void explain(List<Judged> group) throws IOException, InterruptedException {
        List<BatchCheck.Run> runs = new ArrayList<>();
        for (Judged run : group) {
            runs.add(new BatchCheck.Run(run.lines(run.next), run.next));
        }
        GuardModule guards = new GuardModule(SpecFiles.bundled());
        SpecFiles generated = name -> name.equals(GuardModule.NAME) ? Optional.of(guards.text()) : Optional.empty();
        Path report = Files.createTempFile("unwrite-report-", ".txt");
        try {
            switch (check(GuardModule.NAME, generated.or(SpecFiles.bundled()), group, runs, report, null)) {
                case BatchCheck.Reached reached -> {
                    Reports reports = Reports.read(report);
                    for (int i = 0; i < group.size(); i++) {
                        Judged run = group.get(i);
                        run.explanation = Explanation.of(
                                run.merged.steps().get(run.next - 1),
                                reached.next().get(i) == run.next + 1,
                                reports.of(i + 1),
                                guards,
                                run.merged.merger().table());
                    }
                }
                case BatchCheck.Broken broken -> {
                    if (group.size() == 1) {
                        Judged run = group.getFirst();
                        run.explanation = Explanation.without(run.merged.steps().get(run.next - 1), broken.why());
                    } else {
                        explain(group.subList(0, group.size() / 2));
                        explain(group.subList(group.size() / 2, group.size()));
                    }
                }
            }
        } finally {
            Files.deleteIfExists(report);
        }
    }

    /** A run on its way to a verdict. */
    private final class Judged {
        private final MergedRun merged;
        private int next;
        private Duration checking = Duration.ZERO;
        private @Nullable Explanation explanation;

        private Judged(MergedRun merged) {
            this.merged = merged;
        }

        int blocks() {
            return merged.merger().blocks();
        }

        List<String> lines(int count) {
            List<String> lines = new ArrayList<>(count + 1);
            merged.steps().subList(0, count).forEach(step -> lines.add(step.json()));
            lines.add(CANARY);
            return lines;
        }

        boolean isRejectedStep() {
            return next <= merged.steps().size();
        }

        private TraceJudgment verdict() {
            TraceFormatException unusable = merged.unusable();
            if (unusable != null) {
                return rejected(merged.merger().last(), String.valueOf(unusable.getMessage()), null);
            }
            Explanation why = explanation;
            MergeRejectedException stuck = merged.stuck();
            if (why != null && (stuck == null || next <= stuck.certain())) {
                return rejected(merged.steps().get(next - 1).source(), why.why(), why);
            }
            if (stuck != null) {
                String message = String.valueOf(stuck.getMessage());
                String told = why == null || why.conjunct().isEmpty() ? message : message + "; " + why.why();
                return rejected(stuck.event(), told, why);
            }
            return accepted();
        }

        private TraceJudgment accepted() {
            SortedMap<String, Integer> actions = new TreeMap<>();
            Map<String, Integer> hidden = new TreeMap<>();
            for (MergedStep step : merged.steps()) {
                if (!step.action().equals("Lose") && !step.action().equals("Stutter")) {
                    actions.merge(step.action(), 1, Integer::sum);
                }
                if (step.hidden() != null) {
                    hidden.merge(step.hidden(), 1, Integer::sum);
                }
            }
            return new TraceJudgment.Accepted(
                    merged.folder().events(), merged.steps().size(), actions, hidden, blocks(), checking, time());
        }

        private TraceJudgment rejected(@Nullable TraceEvent event, String why, @Nullable Explanation explained) {
            return new TraceJudgment.Rejected(
                    merged.folder().events(),
                    event == null ? Path.of("") : event.file(),
                    event == null ? 0 : event.line(),
                    event == null ? "" : event.json().toString(),
                    why,
                    explained == null ? "" : explained.conjunct(),
                    explained == null ? List.of() : explained.enabled(),
                    explained == null ? List.of() : explained.details(),
                    time());
        }

        private Duration time() {
            return Duration.ofNanos(System.nanoTime() - start);
        }
    }
}
