package dev.unwrite.conformance.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.conformance.sim.Move.Kind;
import dev.unwrite.conformance.trace.RecordedRun;
import dev.unwrite.conformance.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of the simulator are recorded, and gone through again by what the recording says. */
class RecordedReplayTest {
    private static final int SEEDS = 60;
    private static final int SKEW_MICROS = 40;
    /** No line tells of these; they end in a disk that is replaced, or part what the traces have as one step. */
    private static final Set<Kind> LEFT_OUT = EnumSet.of(Kind.FLIP, Kind.MISDIRECT, Kind.CRASH_AT);
    /** A pair, a write, a takeover with something to restore, a storage that starts again, and two crashes. */
    private static final String EVERYTHING =
            "run:7,write:A:0:2,run:2,cut:A,run:3,write:A:1:1,job:A:0,take_over:B,run:5,"
                    + "crash:A:0,run:2,restart:A,run:6,write:B:3:1,run:3,storage_crash:0,run:3,crash:B:0,restart:B,run:6,cut:A,run:3";

    @TempDir
    private Path dir = Path.of("");

    private RecordedRun record(List<Move> moves, long skew, String name) throws IOException, TraceFormatException {
        Path folder = Files.createDirectories(dir.resolve(name));
        SimRun.of(moves, Tracing.into(folder, skew));
        return RecordedRun.read(List.of(folder));
    }

    private static RecordedReplay replay(RecordedRun run) {
        return RecordedReplay.of(run.events(), run.blocks(), boot -> false, List.of(), (event, made, world) -> {});
    }

    @Test
    void everyStepOfARunIsTakenWhereItStands() throws Exception {
        RecordedReplay replay = replay(record(Move.parse(EVERYTHING), 0, "one"));
        assertThat(replay.violation()).isNull();
        assertThat(replay.tally().missed()).isEmpty();
        assertThat(replay.tally().taken()).isEqualTo(replay.tally().lines()).isGreaterThan(100);
        assertThat(replay.tally().actions()).containsKeys("TakeOver", "Resume", "Boot", "StoreCopy", "Protect");
        assertThat(replay.moves())
                .extracting(Move::kind)
                .contains(Kind.CRASH, Kind.RESTART, Kind.STORAGE_CRASH, Kind.TAKE_OVER);
    }

    @Test
    void itsMovesMakeTheSameRunWithoutTheRecording() throws Exception {
        RecordedReplay replay = replay(record(Move.parse(EVERYTHING), 0, "one"));
        List<Move> read = Move.parse(
                String.join(",", replay.moves().stream().map(Move::toString).toList()));
        assertThat(read).isEqualTo(replay.moves());
        assertThat(SimRun.of(read, Tracing.NONE).toString())
                .isEqualTo(replay.counts().toString());
    }

    @Test
    void runsWithEveryFaultAreFollowedNearlyToTheLastStep() throws Exception {
        long lines = 0;
        long taken = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            List<Move> moves = Schedule.of(seed).stream()
                    .filter(move -> !LEFT_OUT.contains(move.kind()))
                    .toList();
            RecordedReplay replay = replay(record(moves, seed % 3 * SKEW_MICROS, "seed" + seed));
            assertThat(replay.violation()).as("seed " + seed).isNull();
            assertThat(replay.tally().actions().get("Restart"))
                    .as("seed " + seed)
                    .matches(share -> share.not() == 0);
            lines += replay.tally().lines();
            taken += replay.tally().taken();
        }
        assertThat(taken / (double) lines).isGreaterThan(0.98);
    }

    /** A recording that was changed: what it tells cannot be done, and that is said. */
    @Test
    void whatCannotBeDoneIsCountedAsNotTaken() throws Exception {
        Path folder = Files.createDirectories(dir.resolve("changed"));
        SimRun.of(Move.parse(EVERYTHING), Tracing.into(folder, 0));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                List<String> lines = Files.readAllLines(file);
                lines.removeIf(line -> line.contains("\"action\":\"Propose\"") && line.contains("PROTECT"));
                Files.write(file, lines);
            }
        }
        RecordedRun run = RecordedRun.read(List.of(folder));
        assertThat(run.displaced()).isNotNull();
        RecordedReplay replay = replay(run);
        assertThat(replay.tally().taken()).isLessThan(replay.tally().lines());
        assertThat(replay.tally().missed().getFirst().event().action()).isEqualTo("Record");
    }

    @Test
    void whatIsNoRecordingIsRefusedInOneLine() throws Exception {
        refused(dir.resolve("nowhere"), "does not exist");
        Path folder = Files.createDirectories(dir.resolve("foreign"));
        refused(folder, "no traces");
        Path file = Files.writeString(folder.resolve("A-1.ndjson"), "{\"seq\":\n{}\n");
        refused(folder, "line 1 is not JSON");
        Files.writeString(file, "{\"name\":\"a log\"}\n");
        refused(folder, "no event of a trace");
        Path good = Files.createDirectories(dir.resolve("good"));
        SimRun.of(Move.parse("run:7"), Tracing.into(good, 0));
        assertThat(screen(good)).isEqualTo(Exit.OK);
        Files.writeString(good.resolve("results.json"), "{\"faultList\" : [");
        refused(good, "torn");
    }

    private static int screen(Path folder) throws IOException {
        return new RecordedScreen(new PrintWriter(new StringWriter()), null, null, null).show(folder);
    }

    private static void refused(Path folder, String words) {
        assertThatThrownBy(() -> screen(folder))
                .isInstanceOf(ExitException.class)
                .hasMessageContaining(words)
                .matches(e -> ((ExitException) e).code() == Exit.USAGE)
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
    }
}
