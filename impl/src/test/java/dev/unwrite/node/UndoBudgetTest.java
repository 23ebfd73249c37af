package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.trace.TraceWriter;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writes wait where the other host has no room for their copies. */
@Timeout(30)
class UndoBudgetTest {
    private static final Extent BIG = new Extent(0, 0, 100);
    private static final Extent NEXT = new Extent(0, 1000, 20);

    private final Engine engine = new Engine(HostState.started("A", "B", new TreeMap<>(), null), TraceWriter.NONE);
    /** Room for the copies of 128 blocks, of which nine tenths are given out. */
    private final UndoBudget budget = new UndoBudget(engine, 1 << 20);

    @BeforeEach
    void joining() {
        OwnershipRecord record = new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        take(new Action.Propose(Action.Change.BOOTSTRAP, OwnershipRecord.INITIAL));
        take(new Action.Bootstrap(record, 1));
        take(new Action.Flush(1));
        take(new Action.ColdRead());
    }

    private void take(Action action) {
        assertThat(engine.take(action)).as("%s", action).isTrue();
    }

    private void preserve(Extent extent) {
        take(new Action.RecvPreserved(1, engine.state().epoch(), List.of(extent)));
    }

    private Thread waiter(Extent extent) {
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                budget.awaitRoom(extent);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> budget.picture().waitingWrites() == 1);
        return writer;
    }

    @Test
    void aMachineThatIsAloneNeedsNoRoom() throws InterruptedException {
        budget.reported(1 << 20);
        assertThat(budget.awaitRoom(BIG)).isZero();
        assertThat(budget.near()).isFalse();
    }

    @Test
    void whatIsPreservedAlreadyNeedsNoRoom() throws InterruptedException {
        take(new Action.StartJoin());
        preserve(BIG);
        budget.reported(1 << 20);
        assertThat(budget.near()).isTrue();
        assertThat(budget.awaitRoom(new Extent(0, 10, 50))).isZero();
        assertThat(budget.needsNoRoom(NEXT)).isFalse();
    }

    @Test
    void writesThatComeTogetherDoNotPassTogether() throws InterruptedException {
        take(new Action.StartJoin());
        long taken = budget.awaitRoom(BIG);
        assertThat(taken).isEqualTo(100 * 2 * 4096);
        // Nobody has stored anything yet, and still there is no room for another.
        Thread writer = waiter(NEXT);
        assertThat(budget.picture().waitingNanos()).isPositive();
        budget.release(taken);
        assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
        assertThat(budget.picture().waitingWrites()).isZero();
        assertThat(budget.picture().waitingNanos()).isZero();
    }

    @Test
    void aWriteWaitsUntilTheOtherHostSaysThatThereIsRoom() throws InterruptedException {
        take(new Action.StartJoin());
        budget.reported(1 << 20);
        Thread writer = waiter(NEXT);
        budget.reported(0);
        assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
        assertThat(budget.near()).isFalse();
    }

    @Test
    void aWriteThatIsLargerThanTheLimitPassesAlone() throws InterruptedException {
        take(new Action.StartJoin());
        assertThat(budget.awaitRoom(new Extent(0, 0, 1000))).isEqualTo(1000 * 2 * 4096);
    }

    @Test
    void aWriteThatWaitsGoesOnWhenTheMachineIsAlone() throws InterruptedException {
        take(new Action.StartJoin());
        budget.reported(1 << 20);
        Thread writer = waiter(NEXT);
        take(new Action.AbortJoin(engine.state().record()));
        assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
    }
}
