package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of the reads of a client when the storage fails, its session breaks, or the host is fenced. */
class ReadsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    private final Stage stage = Stage.alone();

    @ParameterizedTest
    @EnumSource(
            value = Trouble.Kind.class,
            names = {"FAILED", "NO_SPACE", "INVALID"})
    void aReadThatTheStorageRefusesFailsAndTheSessionIsKept(Trouble.Kind kind) {
        stage.failing = "read ";
        stage.trouble = new Trouble(kind, "EIO");
        Stage.Asked<ByteBuffer> read = stage.read(0, 10);
        stage.settle();
        assertThat(read.trouble).isSameAs(stage.trouble);
        assertThat(stage.orders("read ", "close 2")).containsExactly("read 0");
    }

    @Test
    void readsWhoseSessionBreaksAreRepeatedInTheNextOne() {
        stage.settle();
        stage.settle();
        stage.disk[BLOCK] = 7;
        stage.failing = "read 0";
        stage.late = "read 0";
        Stage.Asked<ByteBuffer> first = stage.read(0, 1);
        Stage.Asked<ByteBuffer> second = stage.read(0, 2);
        stage.carryOut();
        stage.failing = null;
        Stage.Asked<ByteBuffer> other = stage.read(BLOCK, 1);
        stage.hold();
        stage.answerLate();
        assertThat(first.trouble).isNull();
        stage.goOn();
        assertThat(Objects.requireNonNull(first.result).remaining()).isEqualTo(1);
        assertThat(Objects.requireNonNull(second.result).remaining()).isEqualTo(2);
        assertThat(Objects.requireNonNull(other.result).get(0)).isEqualTo((byte) 7);
        assertThat(stage.orders("close 2", "open 1")).as("one session after it").hasSize(3);
    }

    @Test
    void theAnswerOfABrokenSessionDoesNotCount() {
        stage.late = "read 0";
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        stage.host.hungUp(2, new Trouble(Trouble.Kind.LOST, "hung up"));
        stage.answerLate();
        assertThat(read.isDone()).isFalse();
        stage.settle();
        assertThat(read.isDone()).isTrue();
        assertThat(stage.orders("read 0")).hasSize(2);
    }

    @Test
    void aHostThatIsFencedReadsNothingMore() {
        stage.late = "read 0";
        Stage.Asked<ByteBuffer> underWay = stage.read(0, 1);
        stage.host.hungUp(2, new Trouble(Trouble.Kind.ENDED, "fenced"));
        Stage.Asked<ByteBuffer> waiting = stage.read(BLOCK, 1);
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.settle();
        for (Stage.Asked<ByteBuffer> read : List.of(underWay, waiting)) {
            assertThat(Objects.requireNonNull(read.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
        }
        assertThat(stage.orders("read ")).containsExactly("read 0");
    }

    @Test
    void aReadThatIsUnderWayWhenAnotherHostOwnsTheVolumeFails() {
        stage.neverAnswers = "read ";
        Stage.Asked<ByteBuffer> read = stage.read(0, 1);
        stage.record = new OwnershipRecord(9, 5, "B", OwnershipRecord.Mode.ROLLBACK, "", 1);
        stage.settle();
        assertThat(Objects.requireNonNull(read.trouble).kind()).isEqualTo(Trouble.Kind.NOT_OWNER);
    }
}
