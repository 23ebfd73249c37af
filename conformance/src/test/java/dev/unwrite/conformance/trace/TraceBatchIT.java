package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.graph.GraphReplay;
import dev.unwrite.conformance.graph.Picture.Edge;
import dev.unwrite.conformance.graph.SmallGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many runs in few processes of TLC. */
class TraceBatchIT {
    /** How many generated runs are validated. */
    private static final int RUNS = Integer.getInteger("unwrite.traces", 1000);
    /** How many are generated and validated at once. */
    private static final int AT_ONCE = 500;

    /** So many edges of the small graph a thousand runs take; 502 of 1,244 when this was written. */
    private static final int EDGES_MIN = 450;
    /** All actions. */
    private static final Set<String> TRACED = Set.of(
            "MachineWrite",
            "RecvPreserved",
            "SendWrite",
            "Apply",
            "Destage",
            "WriteDone",
            "Flush",
            "Cut",
            "LearnCommitted",
            "Speak",
            "FollowJoin",
            "BecomeSecondary",
            "ReadOld",
            "ReadAround",
            "StoreCopy",
            "StagePart",
            "Commit",
            "GoAlone",
            "Learn",
            "StartJoin",
            "Protect",
            "AbortJoin",
            "StepDown",
            "OpenSession",
            "TakeOver",
            "RestartRollback",
            "FinishRollback",
            "Resume",
            "Bootstrap",
            "ColdStart",
            "ForceColdStart",
            "ColdRead",
            "Crash",
            "Restart",
            "StorageCrash");

    /** Steps of a trace that are none of the specification: a line that only repeats one, a message that nobody receives. */
    private static final Set<String> NO_ACTIONS = Set.of("Stutter", "Lose", "Replaced");

    @TempDir
    private Path dir;

    @Test
    void athousandRunsAreAccepted() throws Exception {
        RunSource source = new SimulatedRuns(dir);
        TraceBatch batch = new TraceBatch(true);
        Map<String, Integer> actions = new TreeMap<>();
        List<String> rejected = new ArrayList<>();
        long events = 0;
        for (int first = 0; first < RUNS; first += AT_ONCE) {
            List<TraceFolder> runs = new ArrayList<>();
            for (int seed = first; seed < Math.min(RUNS, first + AT_ONCE); seed++) {
                runs.add(TraceFolder.of(source.run(seed)));
            }
            int seed = first;
            for (TraceJudgment verdict : batch.validate(runs)) {
                switch (verdict) {
                    case TraceJudgment.Accepted accepted -> {
                        events += accepted.events();
                        accepted.actions().forEach((action, count) -> actions.merge(action, count, Integer::sum));
                    }
                    case TraceJudgment.Rejected r -> rejected.add("seed " + seed + ": " + r.event() + " " + r.why());
                }
                seed++;
            }
        }
        System.out.println(RUNS + " runs, " + events + " events, " + batch.steps() + " steps in "
                + batch.checking().toMillis() + " ms of TLC in " + batch.processes() + " processes: " + actions);
        Set<Edge> small = SmallGraph.of(GraphReplay.USUAL, null);
        Set<Edge> taken = batch.edges().stream().map(Edge::parse).collect(Collectors.toSet());
        taken.removeIf(edge -> NO_ACTIONS.contains(edge.action()));
        Set<Edge> known = new HashSet<>(taken);
        known.retainAll(small);
        System.out.printf(
                Locale.ROOT,
                "%d of %d edges of the small graph (%d %%), and %d beyond the bounds of the models%n",
                known.size(),
                small.size(),
                100 * known.size() / small.size(),
                taken.size() - known.size());
        assertThat(rejected).isEmpty();
        assertThat(actions.keySet()).containsAll(TRACED);
        assertThat(known).hasSizeGreaterThanOrEqualTo(RUNS >= 1000 ? EDGES_MIN : 1);
        assertThat(batch.processes()).isLessThan(RUNS / 50 + 2);
    }

    @Test
    void eachRunIsJudgedByItself() throws Exception {
        Map<String, List<String>> good = new SimulatedRuns(dir).run(3);
        Map<String, List<String>> wrongAtFirst = edited(good, "Restart", "\"role\":\"idle\"", "\"role\":\"primary\"");
        Map<String, List<String>> wrongLater = edited(good, "ColdRead", "\"dirty\":0", "\"dirty\":1");
        Map<String, List<String>> disordered = edited(good, "Record", "\"version\":1,", "\"version\":3,");
        List<TraceJudgment> verdicts = TraceValidation.validateAll(List.of(
                TraceFolder.of(wrongAtFirst),
                TraceFolder.of(good),
                TraceFolder.of(wrongLater),
                TraceFolder.of(disordered),
                TraceFolder.of(good)));
        assertThat(verdicts).extracting(TraceJudgment::isAccepted).containsExactly(false, true, false, false, true);
        assertThat(verdicts.get(0)).isInstanceOfSatisfying(TraceJudgment.Rejected.class, r -> {
            assertThat(r.line()).isEqualTo(1);
            assertThat(r.why()).contains("role is primary, the specification has idle");
        });
        assertThat(verdicts.get(2)).isInstanceOfSatisfying(TraceJudgment.Rejected.class, r -> {
            assertThat(r.event()).contains("ColdRead");
            assertThat(r.why()).contains("dirty is 1, the specification has 0");
        });
        assertThat(verdicts.get(3))
                .isInstanceOfSatisfying(
                        TraceJudgment.Rejected.class, r -> assertThat(r.why()).contains("waits for"));
    }

    /** In the first event of this name in any file. */
    private static Map<String, List<String>> edited(
            Map<String, List<String>> files, String action, String text, String other) {
        Map<String, List<String>> changed = new HashMap<>(files);
        for (Map.Entry<String, List<String>> file : new TreeMap<>(files).entrySet()) {
            List<String> lines = new ArrayList<>(file.getValue());
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                if (line.contains("\"action\":\"" + action + "\"") && line.contains(text)) {
                    lines.set(i, line.replace(text, other));
                    changed.put(file.getKey(), lines);
                    return changed;
                }
            }
        }
        throw new AssertionError("no event " + action + " with " + text);
    }
}
