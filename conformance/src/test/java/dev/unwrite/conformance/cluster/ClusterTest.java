package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.LongRange;

/** The shipping host under every fault; see {@link ClusterCommand} for many more runs. */
class ClusterTest {
    private static final int RUNS = 300;

    @Example
    void no_run_breaks_a_property_and_much_happens_in_them() {
        Counts counts = new Counts();
        for (long seed = 1; seed <= RUNS; seed++) {
            counts.add(Run.of(Schedule.of(seed), Tracing.NONE));
        }
        assertThat(counts.failovers()).as("failovers").isGreaterThan(RUNS / 2);
        assertThat(counts.coldStarts()).as("cold starts").isGreaterThan(RUNS);
        assertThat(counts.checkpoints()).as("checkpoints").isGreaterThan(10L * RUNS);
        assertThat(counts.operations()).as("requests of clients").isGreaterThan(20L * RUNS);
        assertThat(counts.faults()).as("errors of disks").isGreaterThan(RUNS / 10);
        assertThat(counts.lost()).as("runs lost").isLessThan(RUNS / 20);
    }

    /** Of seeds far from those above; the same each time, since a build is not where new ones are looked for: see {@code unwrite cluster}. */
    @Property(tries = 60, shrinking = ShrinkingMode.OFF, seed = "20261129")
    void runs_of_any_seed_break_nothing(@ForAll @LongRange(min = 1_000_000, max = Long.MAX_VALUE) long seed) {
        Run.of(Schedule.of(seed), Tracing.NONE);
    }

    /** What was left out of a run, or put into it, leaves one that is possible. */
    @Property(tries = 30, shrinking = ShrinkingMode.OFF, seed = "20261129")
    void any_part_of_a_list_of_moves_is_a_run(@ForAll @LongRange(min = 1, max = 1_000_000) long seed) {
        List<Move> moves = Schedule.of(seed);
        Run.of(moves.subList(moves.size() / 3, moves.size()), Tracing.NONE);
        assertThat(Move.parse(
                        String.join(",", moves.stream().map(Move::toString).toList())))
                .isEqualTo(moves);
    }

    @Example
    void the_same_moves_make_the_same_run_to_the_byte() throws IOException {
        for (long seed : new long[] {3, 8, 21}) {
            assertThat(traces(seed)).as("seed " + seed).isEqualTo(traces(seed)).hasSizeGreaterThan(2);
        }
    }

    /** The text of each file that the run writes. */
    private static Map<String, String> traces(long seed) throws IOException {
        Path folder = Files.createTempDirectory("cluster");
        Run.of(Schedule.of(seed), Tracing.into(folder, 0));
        Map<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                // The id of an undo log is the one thing that is drawn anew.
                String text = Files.readString(file).replaceAll("\"undo\":\"[^\"]*\"", "");
                texts.put(file.getFileName().toString(), text);
                Files.delete(file);
            }
        }
        Files.delete(folder);
        return texts;
    }
}
