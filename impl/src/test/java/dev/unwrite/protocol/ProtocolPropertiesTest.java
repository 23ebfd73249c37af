package dev.unwrite.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Recoverable, Consistent, OneOwner and FlushedSurvives hold whatever happens; {@link World} checks them after each step. */
class ProtocolPropertiesTest {
    record Move(int what, int who, int which) {}

    @Provide
    Arbitrary<List<Move>> moves() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 21),
                        Arbitraries.integers().between(0, 1),
                        Arbitraries.integers().between(0, 59))
                .as(Move::new)
                .list()
                .ofMinSize(50)
                .ofMaxSize(400);
    }

    @Property(tries = 300)
    void whateverHappensDiskAndMachineBelongTogether(@ForAll("moves") List<Move> moves) {
        World world = new World().protectedPair();
        for (Move move : moves) {
            world.step(move.what, move.who, move.which);
        }
    }

    /** Long runs reach what short ones do not; and a world in which nothing happens would prove nothing. */
    @Example
    void longRunsTakeEveryKindOfStep() {
        TreeMap<String, Integer> counts = new TreeMap<>();
        for (int seed = 0; seed < 40; seed++) {
            World world = new World();
            Random random = new Random(seed);
            for (int i = 0; i < 3000; i++) {
                world.step(random.nextInt(22), random.nextInt(2), random.nextInt(60));
            }
            world.counts.forEach((name, count) -> counts.merge(name, count, Integer::sum));
        }
        assertThat(counts)
                .containsKeys("MachineWrite", "RecvPreserved", "WriteDone", "Flush", "Cut", "LearnCommitted")
                .containsKeys("MachineFlush", "AnswerFlush")
                .containsKeys("StoreCopy", "StagePart", "Commit", "GoAlone", "Protect", "AbortJoin", "StepDown")
                .containsKeys("TakeOver", "RestartRollback", "FinishRollback", "Resume", "ColdStart", "ColdRead")
                .containsKeys("BecomeSecondary", "FollowJoin", "OpenSession", "crash", "crashStorage");
    }
}
