package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.conformance.cluster.Move.Kind;
import dev.unwrite.conformance.trace.RecordedRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of the simulator are recorded, and what struck and was asked for in them is run again. */
class RecordingTest {
    private static final int SEEDS = 40;
    private static final int SKEW_MICROS = 40;
    /** A pair, writes, a takeover with something to restore, a storage that starts again, crashes, and another disk. */
    private static final String EVERYTHING =
            "config:0,run:8,load:A:7:3,run:4,load:A:7:30,run:1,failover:B:0,run:8,crash:A:0,run:8,"
                    + "restart:A,run:9,load:B:7:20,run:4,storage_crash:0,run:7,crash:B:0,run:9,replace:B,restart:B,run:9,load:A:7:9,run:5";

    @TempDir
    private Path dir = Path.of("");

    private Path record(List<Move> moves, long skew, String name) throws IOException {
        Path folder = Files.createDirectories(dir.resolve(name));
        Run.of(moves, Tracing.into(folder, skew));
        return folder;
    }

    private static List<Move> moves(Path folder) throws Exception {
        RecordedRun run = RecordedRun.read(List.of(folder));
        return Recording.moves(run, RecordedFaults.of(folder, run)).stream()
                .map(Recording.Timed::move)
                .toList();
    }

    @Test
    void whatStruckAndWasAskedForStrikesAndIsAskedForAgain() throws Exception {
        List<Move> moves = moves(record(Move.parse(EVERYTHING), 0, "one"));
        assertThat(moves)
                .extracting(Move::kind)
                .contains(Kind.ASK, Kind.FAILOVER, Kind.KILL, Kind.RESTART, Kind.REPLACE, Kind.STORAGE_CRASH)
                .contains(Kind.CHECKPOINT);
        assertThat(Move.parse(RecordedScreen.line(moves))).isEqualTo(moves);
        Counts counts = Run.of(moves, Tracing.NONE);
        assertThat(counts.failovers()).isEqualTo(2);
        assertThat(counts.operations()).isGreaterThan(30);
        assertThat(counts.storageCrashes).isEqualTo(1);
    }

    /** The storage is idle between the two, so only the host's clock tells. */
    @Test
    void whatIsAskedForLongAfterACheckpointIsAskedForThen() throws Exception {
        Path folder = record(Move.parse("config:135,run:8,checkpoint:A:0,run:6,load:A:3:3,run:6"), 0, "one");
        RecordedRun run = RecordedRun.read(List.of(folder));
        List<Recording.Timed> moves = Recording.moves(run, RecordedFaults.of(folder, run));
        double cut = inTheRun(moves, Kind.CHECKPOINT);
        assertThat(inTheRun(moves, Kind.ASK)).isGreaterThanOrEqualTo(cut + 0.149);
    }

    /** The last such move between the forming of the pair and the end of the moves. */
    private static double inTheRun(List<Recording.Timed> moves, Kind kind) {
        return moves.stream()
                .filter(timed -> timed.move().kind() == kind && timed.seconds() > 0.9 && timed.seconds() < 1.3)
                .mapToDouble(Recording.Timed::seconds)
                .max()
                .orElseThrow();
    }

    @Test
    void runsWithEveryFaultBreakNothingAndAreFollowed() throws Exception {
        for (long seed = 1; seed <= SEEDS; seed++) {
            StringWriter out = new StringWriter();
            Path folder = record(Schedule.traced(seed), seed % 3 * SKEW_MICROS, "seed" + seed);
            int exit = new RecordedScreen(new PrintWriter(out), Slip.NONE).show(folder, null, null, null);
            assertThat(exit).as("seed " + seed + ": " + out).isEqualTo(Exit.OK);
            assertThat(out.toString()).contains("taken: ").contains("no property is broken");
        }
    }

    /** Code that does not commit what it says breaks it again, and the run is made short. */
    @Test
    void whatWrongCodeDoesIsFoundAgain() throws Exception {
        Path folder = record(Move.parse(EVERYTHING), 0, "one");
        StringWriter out = new StringWriter();
        int exit = new RecordedScreen(new PrintWriter(out), Slip.COMMIT_FORGOTTEN)
                .show(folder, 60.0, 100.0, dir.resolve("moves"));
        assertThat(exit).as(out.toString()).isEqualTo(Exit.FAILED);
        assertThat(out.toString()).contains("again: unwrite simulate --replay ").contains("caught: in ");
        assertThat(Move.parse(Files.readString(dir.resolve("moves")))).hasSizeGreaterThan(50);
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
        Path good = record(Move.parse("run:8"), 0, "good");
        assertThat(screen(good)).isEqualTo(Exit.OK);
        Files.writeString(good.resolve("results.json"), "{\"faultList\" : [");
        refused(good, "torn");
    }

    private static int screen(Path folder) throws IOException {
        return new RecordedScreen(new PrintWriter(new StringWriter()), Slip.NONE).show(folder, null, null, null);
    }

    private static void refused(Path folder, String words) {
        assertThatThrownBy(() -> screen(folder))
                .isInstanceOf(ExitException.class)
                .hasMessageContaining(words)
                .matches(e -> ((ExitException) e).code() == Exit.USAGE)
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
    }
}
