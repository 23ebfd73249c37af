package dev.unwrite.conformance.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The code is held to every edge of the usual graphs, and would be caught if it were not as specified. */
class GraphReplayIT {
    private static final int EDGES_MIN = 50_000;
    /** What happens to hosts and storage; nobody asks a host for it. */
    private static final Set<String> ENVIRONMENT = Set.of("Apply", "Destage", "StorageCrash", "Crash");

    @TempDir
    static Path graphs;

    private static List<ReplayReport> reports = List.of();

    @BeforeAll
    static void replay() throws Exception {
        List<Model> models = GraphReplay.USUAL.stream()
                .map(name -> Models.bundled().find(name).orElseThrow())
                .toList();
        // Throws if one edge differs, or is taken from no state of the code.
        reports = GraphReplay.replay(models, graphs, report -> {});
    }

    @Test
    void takesEveryEdgeOfEveryAction() {
        Map<String, Long> edges = new TreeMap<>();
        reports.forEach(report -> report.edgesByAction().forEach((action, n) -> edges.merge(action, n, Long::sum)));
        assertThat(reports).extracting(ReplayReport::neverTaken).allMatch(List::isEmpty);
        assertThat(edges.values().stream().mapToLong(n -> n).sum()).isGreaterThanOrEqualTo(EDGES_MIN);
        Set<String> actions = new TreeSet<>(ENVIRONMENT);
        actions.addAll(specified());
        assertThat(edges.keySet()).isEqualTo(actions);
    }

    @Test
    void isAskedForEverythingAndRefusesSomeOfEach() {
        Map<String, Long> refused = new TreeMap<>();
        Map<Exemption, Long> excused = new EnumMap<>(Exemption.class);
        for (ReplayReport report : reports) {
            report.refusals().refused().forEach((action, n) -> refused.merge(action, n, Long::sum));
            report.refusals().excused().forEach((reason, n) -> excused.merge(reason, n, Long::sum));
        }
        assertThat(refused.keySet()).containsAll(specified());
        assertThat(refused.values()).allMatch(count -> count >= 100);
        // A reason that never holds would excuse the first bug that it fits.
        assertThat(excused.keySet()).containsExactlyInAnyOrder(Exemption.values());
    }

    @Test
    void putsStepsOffBetweenHalvesAndLeavesOutWritesWhileOthersAreOwed() {
        Set<String> putOff = new TreeSet<>();
        reports.forEach(report -> putOff.addAll(report.putOff().keySet()));
        assertThat(putOff)
                .containsExactly(
                        "AbortJoin",
                        "Commit",
                        "Flush",
                        "FollowJoin",
                        "GoAlone",
                        "ReadAround",
                        "ReadOld",
                        "Resume",
                        "SendWrite",
                        "StagePart",
                        "StartJoin",
                        "StoreCopy",
                        "TakeOver");
        assertThat(reports).extracting(ReplayReport::leftOut).containsExactly(0L, 0L, 0L, 0L, 0L, 224L, 822L);
        // Where a flush tells what is owed from what the machine writes, what is left out leads to states of its own.
        assertThat(reports).extracting(ReplayReport::unreached).containsExactly(0, 0, 0, 0, 0, 0, 288);
    }

    /** The actions of the code that are actions of the specification: all but the first halves. */
    private static Set<String> specified() {
        Set<String> names = new HashSet<>();
        for (Class<?> type : Action.class.getPermittedSubclasses()) {
            if (type.isRecord()) {
                names.add(type.getSimpleName());
            }
        }
        Arrays.stream(Action.RecordChange.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .forEach(names::add);
        names.removeAll(Set.of("Propose", "AskFlush", "AskCommit", "CommitFailed", "NotAgreed"));
        return names;
    }

    static List<PlantedBug> bugs() {
        return List.of(
                new PlantedBug(
                        "PrimarySteps",
                        "a.term() != s.term() || a.epoch() != s.epoch()",
                        "a.term() != s.term()",
                        "graph-parts",
                        List.of("RecvPreserved", "forbids it", "takes it")),
                new PlantedBug(
                        "SecondarySteps",
                        "edit.copies = copiesSince(s.copies(), s.term(), a.epoch());",
                        "edit.copies = copiesSince(s.copies(), s.term(), 0);",
                        "graph-parts",
                        List.of("Commit(", "log[")),
                new PlantedBug(
                        "PrimarySteps",
                        "Blocks owed = s.owed().with(s.dirty());",
                        "Blocks owed = s.owed();",
                        "graph-owed",
                        List.of("OpenSession(A)", "effects at A", "WriteOwed")),
                new PlantedBug(
                        "RecordSteps",
                        "&& s.cuts().isEmpty()",
                        "",
                        "bootstrap",
                        List.of("Propose[change=PROTECT", "forbids it")),
                new PlantedBug(
                        "SecondarySteps",
                        "return taken(edit, new Effect.SendPreserved(a.term(), a.epoch(), List.of(a.extent())));",
                        "return taken(edit);",
                        "graph-parts",
                        List.of("StoreCopy(", "effects")),
                new PlantedBug(
                        "SecondarySteps",
                        "reading.with(a.around())",
                        "reading.with(a.asked())",
                        "graph-around",
                        List.of("ReadAround(B", "reading[")),
                new PlantedBug(
                        "HostState",
                        "new CopyKey(from.term(), from.epoch()), true,",
                        "new CopyKey(from.term(), from.epoch()), false,",
                        "graph-parts",
                        List.of("StoreCopy(", "Restores[")),
                new PlantedBug(
                        "RecordSteps",
                        "                || s.proposal() != null\n",
                        "",
                        "graph-parts",
                        List.of("Protect proposed earlier by")),
                new PlantedBug(
                        "TakeoverSteps",
                        "if (s.committing() >= 0) {",
                        "if (s.committing() >= Long.MAX_VALUE) {",
                        "graph-parts",
                        List.of("TakeOver(B)", "the record proposed earlier", "base=1", "base=2")),
                new PlantedBug(
                        "FlushSteps",
                        "if (!flush.isDone()) {",
                        "if (false) {",
                        "graph-flush",
                        List.of("AnswerFlush", "forbids it", "takes it")),
                new PlantedBug(
                        "AskedFlush",
                        "owes.without(covered.without(writes))",
                        "owes.without(covered)",
                        "graph-flush",
                        List.of("Flush(A)", "FlushDone")),
                new PlantedBug(
                        "PrimarySteps",
                        "write.extent(), true, a.fua())",
                        "write.extent(), true, true)",
                        "graph-flush",
                        List.of("WriteDone(A", "FlushDone")),
                new PlantedBug(
                        "BlockSet",
                        "public boolean isEmpty() {",
                        "public boolean isEmpty() { if (size() > 1) throw new IllegalStateException(\"planted\");",
                        "graph-parts",
                        List.of("a step", "planted")));
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void catchesAPlantedBug(PlantedBug bug, @TempDir Path work) throws Exception {
        PlantedBug.Replayed replayed = bug.replay(graphs, work);
        assertThat(replayed.exit()).as("%s", replayed.lines()).isEqualTo(1);
        assertThat(replayed.lines()).hasSize(2);
        assertThat(replayed.lines().getFirst()).startsWith("caught: ").contains(bug.caught());
        assertThat(replayed.lines().getLast()).startsWith("after: ");
    }

    /** The same with no bug in the copy: what is caught is the bug, not the copying. */
    @Test
    void catchesNothingInAnHonestCopy(@TempDir Path work) throws Exception {
        PlantedBug none = new PlantedBug("Protocol", "MAX_CUTS = 4", "MAX_CUTS = 4", "graph-owed", List.of());
        assertThat(none.replay(graphs, work).exit()).isZero();
    }

    @Test
    void tellsWhatItCannotDo(@TempDir Path folder) throws Exception {
        assertThat(told(List.of("nonsense"))).startsWith("2: no model of the protocol is called nonsense; usage:");
        Files.writeString(folder.resolve("graph-owed.graph"), "torn");
        assertThat(told(List.of("--graphs", folder.toString(), "graph-owed")))
                .startsWith("3: not replayed: ")
                .contains("is no graph");
    }

    private static String told(List<String> args) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int exit = GraphReplay.run(args, new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return exit + ": " + bytes.toString(StandardCharsets.UTF_8);
    }
}
