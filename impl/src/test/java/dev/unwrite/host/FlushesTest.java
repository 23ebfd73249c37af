package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When the storage is flushed, and which flushes of the machine that answers. */
class FlushesTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    @Test
    void aFlushThatIsAskedForDuringATakeoverIsMadeOnceTheMachineRuns() {
        Stage stage = Stage.secondary();
        stage.late = "resume";
        stage.pass(Duration.ofSeconds(3));
        stage.carryOut();
        assertThat(stage.host.state().role()).isEqualTo(Role.RESTORING);
        int before = stage.orders("flush").size();
        Stage.Asked<Done> flush = stage.flush();
        stage.carryOut();
        assertThat(flush.isDone()).isFalse();
        stage.answerLate();
        assertThat(flush.isDone()).isTrue();
        assertThat(stage.orders("flush")).hasSize(before + 1);
    }

    @Test
    void itIsKnownForHowLongTheStorageHasBeenFlushing() {
        Stage stage = Stage.alone();
        stage.pass(Duration.ofSeconds(2));
        stage.late = "flush";
        stage.flush();
        assertThat(stage.host.flushes.waitingNanos()).isZero();
        stage.pass(Duration.ofSeconds(3));
        assertThat(stage.host.flushes.waitingNanos()).isEqualTo(3_000_000_000L);
        stage.answerLate();
        assertThat(stage.host.flushes.waitingNanos()).isZero();
    }

    @Test
    void whatIsAnsweredOwesNothingAnyMore() {
        Stage stage = Stage.alone();
        stage.write(0, BLOCK, 1, false);
        stage.flush();
        stage.write(BLOCK, BLOCK, 1, true);
        assertThat(stage.host.state().asked()).hasSize(2);
        stage.carryOut();
        assertThat(stage.host.state().asked()).isEmpty();
    }

    @Test
    void oneFlushAnswersAllThatWereAskedForBeforeItAndNoneAfter() {
        Stage stage = Stage.alone();
        stage.late = "write";
        stage.write(0, BLOCK, 1, false);
        List<Stage.Asked<Done>> before = List.of(stage.flush(), stage.flush());
        int flushes = stage.orders("flush").size();
        stage.hold();
        stage.answerLate();
        assertThat(stage.orders("flush")).as("the write is not done").hasSize(flushes);
        stage.late = "flush";
        stage.goOn();
        Stage.Asked<Done> after = stage.flush();
        assertThat(stage.orders("flush")).hasSize(flushes + 1);
        stage.hold();
        stage.answerLate();
        stage.late = "flush";
        stage.goOn();
        assertThat(before).allMatch(Stage.Asked::isDone);
        assertThat(after.isDone()).isFalse();
        assertThat(stage.orders("flush")).hasSize(flushes + 2);
        stage.answerLate();
        assertThat(after.isDone()).isTrue();
    }

    @Test
    void theFlushOfACheckpointDoesNotWaitForLaterWrites() {
        Stage stage = Stage.guarded();
        stage.late = "write 0";
        stage.neverAnswers = "write 1";
        stage.write(0, BLOCK, 1, false);
        stage.acknowledge();
        stage.orders.clear();
        stage.host.cuts.cut(false, null, new Stage.Asked<>());
        stage.write(BLOCK, BLOCK, 1, false);
        stage.acknowledge();
        assertThat(stage.orders("flush", "write")).containsExactly("write 1+1 in 2");
        stage.answerLate();
        assertThat(stage.orders("flush", "pause")).containsExactly("flush in 2", "pause");
    }

    @Test
    void nothingIsFlushedForAFormerMachineOfThisHost() {
        Stage stage = Stage.guarded();
        stage.neverAnswers = "flush";
        stage.write(0, BLOCK, 1, false);
        stage.acknowledge();
        stage.host.cuts.cut(false, null, new Stage.Asked<>());
        stage.peerSays = null;
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.SOLO, "", 1);
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.IDLE);
        stage.orders.clear();
        stage.neverAnswers = null;
        stage.record = new OwnershipRecord(10, 5, "A", OwnershipRecord.Mode.SOLO, "", 0);
        stage.settle();
        assertThat(stage.host.state().role()).isEqualTo(Role.PRIMARY);
        assertThat(stage.orders("flush")).as("once, before the machine starts").hasSize(1);
    }
}
