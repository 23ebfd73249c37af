package dev.unwrite.chaos.demo;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.DiskCheck;
import dev.unwrite.chaos.check.LedgerCheck;
import dev.unwrite.chaos.check.TraceJudge;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.Cluster;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.ProcessCluster;
import dev.unwrite.chaos.cluster.ProcessCluster.NodeOptions;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.ledger.LedgerHistory;
import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.report.Event.Kind;
import dev.unwrite.chaos.report.Report;
import dev.unwrite.chaos.report.ReportResults;
import dev.unwrite.chaos.report.ResultsOf;
import dev.unwrite.chaos.report.RunRecord;
import dev.unwrite.chaos.report.RunStory;
import dev.unwrite.chaos.report.TraceReader;
import dev.unwrite.chaos.workload.LedgerWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sets the stage, lets the {@link Script} play, reads the ledger at the end, checks, and writes the report. */
final class Demo {
    private static final Duration CHECKPOINT_EVERY = Duration.ofMillis(50);
    private static final Duration FAILOVER_AFTER = Duration.ofMillis(1500);
    private static final Duration READ_END_MAX = Duration.ofSeconds(15);
    private static final int CLIENTS = 8;
    private static final int REQUESTS_PER_SECOND = 90;
    private static final int PIPELINE = 8;

    private final Path dir;
    private final Path named;
    private final long seed;
    private final RunStory story;
    private final TraceJudge traceJudge;

    /** {@code dir} is empty; {@code named} is how the person called it. */
    Demo(Path dir, Path named, long seed, RunStory story, TraceJudge traceJudge) {
        this.dir = dir;
        this.named = named;
        this.seed = seed;
        this.story = story;
        this.traceJudge = traceJudge;
    }

    /** What a played script leaves to be looked at. */
    private record Played(
            Script script,
            Watcher watcher,
            List<String> failures,
            @Nullable LedgerView end) {}

    Verdict run() throws IOException {
        Path history = dir.resolve("history.ndjson");
        Played played = play(history);
        long endedAt = Moment.now();
        List<Operation> operations = Files.exists(history) ? LedgerHistory.read(history) : List.of();
        story.line("checks", "disk images, answers, and every step of the nodes against the specification ...");
        List<CheckResult> checks = checks(played, operations);
        RunRecord record = new RunRecord(
                command(),
                seed,
                story.startedAt(),
                endedAt,
                setup(played.end()),
                story.events(),
                played.watcher().seen(),
                TraceReader.read(dir.resolve("trace")),
                played.script().takeovers(),
                played.script().switchovers(),
                operations,
                played.watcher().counters(),
                checks);
        ReportResults results = Report.write(dir, record);
        story.conclude(results, dir);
        return ResultsOf.verdict(checks);
    }

    private Played play(Path history) throws IOException {
        List<String> failures = new ArrayList<>();
        LedgerView end = null;
        try (Processes processes = new Processes(dir.resolve("log"));
                Cluster cluster =
                        new ProcessCluster(dir, processes, new NodeOptions(CHECKPOINT_EVERY, FAILOVER_AFTER));
                Watcher watcher = Watcher.start(cluster)) {
            LedgerWorkload.Settings load = new LedgerWorkload.Settings(
                    cluster.ledgerServers(), history, CLIENTS, REQUESTS_PER_SECOND, PIPELINE, seed);
            Script script = new Script(cluster, watcher, processes, load, new DemoPlan(seed), story, dir);
            try {
                script.play();
            } catch (ClusterException | IOException e) {
                failures.add(String.valueOf(e.getMessage()));
                story.tell("clients", Kind.FAILURE, "the run ends here: " + e.getMessage());
            }
            try {
                script.stopLoad();
                end = LedgerView.read(cluster.ledgerServers(), load.clientIds(), READ_END_MAX);
            } catch (ClusterException | IOException e) {
                failures.add(String.valueOf(e.getMessage()));
            }
            return new Played(script, watcher, failures, end);
        }
    }

    private List<CheckResult> checks(Played played, List<Operation> operations) {
        List<CheckResult> checks = new ArrayList<>();
        checks.add(completed(played));
        played.script().takeovers().forEach(takeover -> checks.add(DiskCheck.diskEqualsCheckpoint(takeover)));
        checks.add(DiskCheck.somethingWasRestored(played.script().takeovers()));
        checks.add(LedgerCheck.answersHold(operations, played.end()));
        checks.add(LedgerCheck.totalConserved(played.end()));
        checks.add(traceJudge.check(dir.resolve("trace")));
        return checks;
    }

    /** A run that broke off has not shown what it is for, whatever the other checks say. */
    private static CheckResult completed(Played played) {
        List<String> evidence = new ArrayList<>(played.failures());
        evidence.add(played.script().takeovers().size() + " takeovers after SIGKILL, "
                + played.script().switchovers().size() + " planned switchovers");
        return new CheckResult(
                "run-completed",
                "Every failover, join and switchover of the script came to its end",
                played.failures().isEmpty() && played.script().isComplete() ? Verdict.VALID : Verdict.UNKNOWN,
                evidence);
    }

    private String command() {
        return "unwrite demo --seed " + seed + " --dir " + named;
    }

    private static RunRecord.Setup setup(@Nullable LedgerView end) {
        return new RunRecord.Setup(
                (int) CHECKPOINT_EVERY.toMillis(),
                (int) FAILOVER_AFTER.toMillis(),
                CLIENTS,
                end == null ? 0 : end.balances().size());
    }
}
