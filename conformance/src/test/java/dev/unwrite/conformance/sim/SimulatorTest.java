package dev.unwrite.conformance.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.conformance.sim.Move.Kind;
import dev.unwrite.protocol.Role;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulator itself: it repeats, it goes everywhere, and it notices what it is there for. */
class SimulatorTest {
    private static final int SEEDS = 150;

    @Test
    void theSameSeedMakesTheSameRunToTheByte() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            assertThat(log(seed)).as("seed " + seed).isEqualTo(log(seed));
        }
    }

    @Test
    void runsGoThroughEverything() {
        Counts counts = new Counts();
        for (long seed = 1; seed <= SEEDS; seed++) {
            counts.add(SimRun.of(Schedule.of(seed), Tracing.NONE));
        }
        assertThat(counts.failovers()).isGreaterThan(50);
        assertThat(counts.restored).isGreaterThan(50);
        assertThat(counts.coldStarts).isGreaterThan(10);
        assertThat(counts.storageCrashes).isGreaterThan(10);
        assertThat(counts.heard).isGreaterThan(100);
        // What is lost to two faults at once is said, and rare: else nothing would be shown.
        assertThat(counts.lost()).isLessThan(SEEDS / 10);
        Set<Kind> kinds = LongStream.rangeClosed(1, SEEDS)
                .mapToObj(Schedule::of)
                .flatMap(List::stream)
                .map(Move::kind)
                .collect(Collectors.toSet());
        Set<Kind> drawn = EnumSet.allOf(Kind.class);
        // Only a replay of a recording makes these.
        drawn.removeAll(EnumSet.of(Kind.VOLUME, Kind.DO, Kind.SEND, Kind.COPY, Kind.RESEND, Kind.REPLACE));
        assertThat(kinds).containsExactlyInAnyOrderElementsOf(drawn);
    }

    @Test
    void aRunIsMadeAsShortAsItCanBe() {
        List<Move> run = LongStream.iterate(1, seed -> seed + 1)
                .mapToObj(Schedule::of)
                .filter(SimulatorTest::takesOverAfterAWrite)
                .findFirst()
                .orElseThrow();
        List<Move> shortest = Shrinker.shrink(run, SimulatorTest::takesOverAfterAWrite, 5000);
        assertThat(run.size()).isGreaterThan(10);
        assertThat(shortest).hasSize(2);
        assertThat(shortest.getFirst()).hasToString("write:A:0:0");
        assertThat(shortest.getLast()).hasToString("take_over:A");
        assertThat(Shrinker.shrink(run, moves -> false, 50)).isEqualTo(run);
    }

    private static boolean takesOverAfterAWrite(List<Move> moves) {
        int write = moves.stream().map(Move::kind).toList().indexOf(Kind.WRITE);
        return write >= 0
                && moves.subList(write, moves.size()).stream().anyMatch(move -> move.kind() == Kind.TAKE_OVER);
    }

    /** Runs that once broke a property, in the code or in the simulator, as they were printed then. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "run:4,full:A:25,take_over:B,run:2,write:B:45:44,write:B:0:44,run:1,flip:A:0:0",
                "run:3,full:B:41,write:A:0:0,crash_at:B:13:0,run:0,run:0,restart:B",
                "run:3,write:A:0:0,run:0,take_over:B,storage_crash:0",
                "run:5,cut:A,repeat:0,take_over:B,storage_crash:0,deliver:1",
                "run:4,take_over:B,full:A:1,misdirect:A:11,run:2,write:B:0:0,write:B:28:0,write:B:55:14,run:1",
                "run:4,take_over:B,run:3,write:B:0:0,run:0,take_over:A,storage_crash:0",
                "run:5,take_over:B,crash:B:0,restart:B,job:B:0",
                "run:2,hold:0,write:A:2:0,run:3,write:A:2:0,hold:6,run:1,write:A:0:0,late:5,storage_crash:4",
                "run:2,write:A:2:0,run:1,take_over:B,read_only:B:5,crash:A:0,run:4,write:B:2:0,run:2,crash:B:0",
                "run:4,take_over:B,crash_at:B:13:0,run:3",
            })
    void whatOnceBrokeHolds(String moves) {
        assertThat(SimRun.violation(Move.parse(moves))).isNull();
    }

    /** A takeover that was asked for and is granted late would fence the owner for a host that has nothing to restore. */
    @Test
    void whatAFormerLifeAskedForDoesNotComeAboutAfterAStart() {
        SimWorld world = SimWorld.of(List.of(), Tracing.NONE);
        Move.parse("run:7,write:A:1:1,run:7,take_over:B,crash:B:0,replace:B,restart:B")
                .forEach(world::move);
        assertThat(world.storage.wire).hasSize(1);
        Move.parse("store:0,run:7").forEach(world::move);
        assertThat(world.storage.record().owner()).isEqualTo("A");
        assertThat(world.host(0).is(Role.PRIMARY)).isTrue();
        world.finish();
        assertThat(world.isLost()).isFalse();
    }

    @Test
    void whatIsNoMoveIsRefusedInOneLine() {
        assertThatThrownBy(() -> Move.parse("write:A:0:0,fly:B"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no move of a run: fly:B (write, for example, write:A:3:1)");
        assertThatThrownBy(() -> Move.parse("write:C:0:0")).hasMessageContaining("write:C:0:0");
        assertThatThrownBy(() -> Move.parse("run")).hasMessageContaining("no move of a run: run");
        assertThatThrownBy(() -> Move.parse("run:-1")).hasMessageContaining("run:-1");
        assertThatThrownBy(() -> Move.parse("run:1:2")).hasMessageContaining("run:1:2");
    }

    private static String log(long seed) {
        SimWorld world = new SimWorld(Tracing.NONE);
        StringBuilder log = new StringBuilder();
        for (Move move : Schedule.of(seed)) {
            world.move(move);
            log.append(move).append(' ').append(world).append('\n');
        }
        world.finish();
        return log.append(world.counts()).toString();
    }
}
