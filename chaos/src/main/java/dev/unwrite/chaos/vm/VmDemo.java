package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.SpecTraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.report.Event.Kind;
import dev.unwrite.chaos.report.GuestReport;
import dev.unwrite.chaos.report.Report;
import dev.unwrite.chaos.report.ResultsOf;
import dev.unwrite.chaos.report.RunRecord;
import dev.unwrite.chaos.report.RunStory;
import dev.unwrite.chaos.report.TraceReader;
import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.cli.Exit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A guest that survives its hosts, and somebody outside who talks to it all the time ({@link VmPlay}), checked
 * ({@link VmChecks}), with a report. A process of its own, in a network of its own.
 */
final class VmDemo {
    private static final Duration CHECKPOINT_EVERY = Duration.ofMillis(100);
    private static final Duration FAILOVER_AFTER = Duration.ofSeconds(1);
    /** The database of a long run changes thousands of blocks. */
    private static final Duration TRACE_CHECK_MAX = Duration.ofHours(1);

    private final Path dir;
    private final VmPlan plan;
    private final RunStory story;

    private VmDemo(Path dir, VmPlan plan, PrintWriter out) {
        this.dir = dir;
        this.plan = plan;
        this.story = new RunStory(out, false);
    }

    /** A folder, which is empty but for the guest's FILE (and its disk, where that has a database), and a {@link VmPlan}. */
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
        List<String> words = List.of(args);
        Verdict verdict = new VmDemo(Path.of(args[0]), VmPlan.parse(words.subList(1, words.size())), out).run();
        System.exit(verdict == Verdict.VALID ? Exit.OK : Exit.FAILED);
    }

    private Verdict run() throws IOException {
        RunRecord record;
        GuestReport guest;
        List<CheckResult> checks = new ArrayList<>();
        try (Processes processes = new Processes(dir.resolve("log"));
                VmPair pair = new VmPair(
                        dir,
                        processes,
                        "qemu:" + dir.resolve("guest"),
                        CHECKPOINT_EVERY.toMillis() + "ms",
                        FAILOVER_AFTER.toMillis() + "ms",
                        plan.comparesMemory() ? VmPair.Use.CHECKED : VmPair.Use.TRACED);
                VmObserver observer = new VmObserver();
                CheckpointFigures figures = new CheckpointFigures(pair, List.of(HostId.values()))) {
            VmPlay play = new VmPlay(plan, pair, observer, figures.watcher(), story, database(processes));
            String broken = "";
            try {
                play.play();
            } catch (ClusterException | StageException | IOException e) {
                broken = String.valueOf(e.getMessage());
                story.tell("clients", Kind.FAILURE, "the run ends here: " + broken);
            }
            long endedAt = Moment.now();
            checks.addAll(VmChecks.of(plan, play.findings(), observer, broken));
            checks.add(VmChecks.disk(pair.checkDisk()));
            figures.lines(plan.comparesMemory() ? " (the check of each page with it)" : "")
                    .forEach(line -> story.line("figures", line));
            story.line("checks", "every step of the nodes against the specification ...");
            checks.add(new SpecTraceJudge(TRACE_CHECK_MAX, line -> story.line("checks", line)).check(pair.traces()));
            record = record(pair, play, observer, figures, endedAt, checks);
            guest = new GuestReport(
                    figures.inReport(story.startedAt()), play.findings().lives());
        }
        story.conclude(Report.write(dir, record, guest), dir);
        return ResultsOf.verdict(checks);
    }

    private @Nullable Database database(Processes processes) throws IOException {
        return plan.kind() == VmPlan.Kind.DATABASE
                ? new Database(PostgreSql.find(), processes, dir.resolve("pgbench"))
                : null;
    }

    private RunRecord record(
            VmPair pair,
            VmPlay play,
            VmObserver observer,
            CheckpointFigures figures,
            long endedAt,
            List<CheckResult> checks)
            throws IOException {
        return new RunRecord(
                plan.command(),
                plan.seed(),
                story.startedAt(),
                endedAt,
                new RunRecord.Setup((int) CHECKPOINT_EVERY.toMillis(), (int) FAILOVER_AFTER.toMillis(), 1, 0),
                story.events(),
                figures.watcher().seen(),
                TraceReader.read(pair.traces()),
                play.findings().takeovers(),
                play.findings().switchovers(),
                observer.history(),
                figures.watcher().counters(),
                checks);
    }
}
