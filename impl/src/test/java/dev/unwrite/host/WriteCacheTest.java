package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a write without FUA is answered: with a write cache, at once; without one, when it is durable. */
class WriteCacheTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    @Test
    void withAWriteCacheAWriteIsAnsweredBeforeItsOldDataIsCopied() {
        Stage stage = Stage.guarded();
        stage.orders.clear();
        assertThat(stage.write(0, BLOCK, 1, false).isDone()).isTrue();
        assertThat(stage.orders("write", "flush")).isEmpty();
    }

    @Test
    void withoutOneAWriteIsAnsweredWhenItIsDurable() {
        Stage stage = Stage.guarded(false);
        stage.late = "write";
        Stage.Asked<Done> write = stage.write(0, BLOCK, 1, false);
        stage.carryOut();
        stage.acknowledge();
        assertThat(stage.orders("write")).containsExactly("write 0+1 fua in 2");
        assertThat(write.isDone()).as("on its way, as one with FUA").isFalse();
        stage.answerLate();
        assertThat(write.isDone()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutOneZeroesAndTrimsAreAnsweredWhenTheyAreDurable(boolean trim) {
        Stage stage = Stage.guarded(false);
        Stage.Asked<Done> zeroed = new Stage.Asked<>();
        if (trim) {
            stage.host.trim(Stage.VOLUME, 0, BLOCK, false, zeroed);
        } else {
            stage.host.writeZeroes(Stage.VOLUME, 0, BLOCK, true, false, zeroed);
        }
        stage.carryOut();
        assertThat(zeroed.isDone()).as("its old data is not copied yet").isFalse();
        stage.late = "write";
        stage.acknowledge();
        assertThat(zeroed.isDone()).as("on their way").isFalse();
        stage.answerLate();
        assertThat(zeroed.isDone()).isTrue();
    }

    @Test
    void withoutOneAWriteOfPartOfABlockIsDurableToo() {
        Stage stage = Stage.guarded(false);
        stage.late = "write";
        Stage.Asked<Done> write = new Stage.Asked<>();
        stage.host.write(Stage.VOLUME, 100, ByteBuffer.wrap(new byte[] {1, 2, 3}), false, write);
        stage.carryOut();
        stage.acknowledge();
        assertThat(write.isDone()).isFalse();
        stage.answerLate();
        assertThat(write.isDone()).isTrue();
        assertThat(stage.disk).startsWith(new byte[100]).contains(new byte[] {1, 2, 3});
    }
}
