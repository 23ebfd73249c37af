package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.LongRange;

/** The shipping host under every fault; see {@link SimulateCommand} for many more runs. */
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

    @Example
    void runs_go_through_everything() {
        Set<Move.Kind> kinds = LongStream.rangeClosed(1, RUNS)
                .mapToObj(Schedule::of)
                .flatMap(List::stream)
                .map(Move::kind)
                .collect(Collectors.toSet());
        assertThat(kinds).containsExactlyInAnyOrder(Move.Kind.values());
    }

    /** Runs that once broke a property. */
    @Example
    void what_once_broke_holds() {
        // A hand-over that was lost with its connection; a solo primary that stood still.
        for (long seed : new long[] {500225, 50454}) {
            assertThat(Run.violation(Schedule.of(seed), Slip.NONE))
                    .as("seed " + seed)
                    .isNull();
        }
    }

    /** A takeover that is asked for and is granted late would fence the owner for a host that has nothing to restore. */
    @Example
    void what_a_former_life_asked_for_does_not_come_about_after_a_start() {
        Cluster cluster = Cluster.of(Move.parse("config:31"), Tracing.NONE, Slip.NONE);
        Move.parse("run:8,load:A:3:1,run:5,hold:3,failover:B:0,run:5").forEach(cluster::move);
        assertThat(cluster.storage().wire).hasSize(1);
        Move.parse("crash:B:0,replace:B,restart:B,run:5,heal,run:8").forEach(cluster::move);
        assertThat(cluster.storage().wire).isEmpty();
        assertThat(cluster.storage().record().owner()).isEqualTo("A");
        assertThat(cluster.processes()[0].room().isRunning()).isTrue();
        cluster.finish();
        assertThat(cluster.isLost()).isFalse();
    }

    @Example
    void a_run_is_made_as_short_as_it_can_be() {
        List<Move> run = LongStream.iterate(1, seed -> seed + 1)
                .mapToObj(Schedule::of)
                .filter(ClusterTest::failsOverAfterAWrite)
                .findFirst()
                .orElseThrow();
        List<Move> shortest = Shrinker.shrink(run, ClusterTest::failsOverAfterAWrite, 5000);
        assertThat(run.size()).isGreaterThan(10);
        assertThat(shortest).extracting(Move::toString).containsExactly("ask:A:0:0", "failover:A:0");
        assertThat(Shrinker.shrink(run, moves -> false, 50)).isEqualTo(run);
    }

    private static boolean failsOverAfterAWrite(List<Move> moves) {
        int write = moves.stream().map(Move::kind).toList().indexOf(Move.Kind.ASK);
        return write >= 0
                && moves.subList(write, moves.size()).stream().anyMatch(move -> move.kind() == Move.Kind.FAILOVER);
    }

    @Example
    void what_is_no_move_is_refused_in_one_line() {
        assertThatThrownBy(() -> Move.parse("ask:A:0:0,fly:B"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no move of a run: fly:B (ask, for example, ask:A:3:1)");
        for (String wrong : List.of("ask:C:0:0", "run", "run:-1", "run:1:2")) {
            assertThatThrownBy(() -> Move.parse(wrong)).hasMessageContaining("no move of a run: " + wrong);
        }
    }

    /** Of seeds far from those above; the same each time, since a build is not where new ones are looked for: see {@code unwrite simulate}. */
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
