package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.unwrite.protocol.BlockSet;
import java.io.InterruptedIOException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who waits for whom while a sync takes long: at most 64 MiB wait to be stored, and nobody waits without end. */
class UndoLogWaitingTest {
    private static final int MOST_BLOCKS = (64 << 20) / UndoLog.BLOCK_BYTES;

    private final FaultyFiles files = new FaultyFiles();
    private final CountDownLatch gate = new CountDownLatch(1);
    private UndoLog log;
    private CompletableFuture<Void> first;

    private static Copy block(long number) {
        return UndoLogTest.copy(1, 1, 0, number, 1, 0);
    }

    /** Blocks that count as much as they are, of which one is stored. */
    private static List<Copy> blocks(int count) {
        return Collections.nCopies(count, block(7));
    }

    /** The log's thread is in a sync that does not end before the gate opens. */
    @BeforeEach
    void aSyncThatTakesLong() throws Exception {
        log = UndoLog.open(files, UndoOptions.defaults().withSegmentBytes(1 << 20));
        files.holdSyncs(gate);
        first = log.append(block(0));
        files.awaitSync();
    }

    @AfterEach
    void end() throws Exception {
        gate.countDown();
        log.close();
    }

    /** An append in a thread of its own, which waits for room. */
    private CompletableFuture<CompletableFuture<Void>> blockedAppend() {
        CompletableFuture<CompletableFuture<Void>> result = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> result.complete(log.append(block(1))));
        await().until(() -> thread.getState() == Thread.State.WAITING);
        assertThat(result).isNotDone();
        return result;
    }

    @Test
    void asMuchAsFitsMayWaitAndTheNextOneBlocks() throws Exception {
        CompletableFuture<Void> all = log.append(blocks(MOST_BLOCKS - 1));
        CompletableFuture<Void> last = log.append(block(2));
        CompletableFuture<CompletableFuture<Void>> blocked = blockedAppend();
        assertThat(List.of(first, all, last)).noneMatch(CompletableFuture::isDone);
        gate.countDown();
        await().until(blocked::isDone);
        CompletableFuture.allOf(first, all, last, blocked.join()).get();
        assertThat(log.stored(1, 1, 0)).isEqualTo(BlockSet.of(0, 3).with(7, 1));
    }

    @Test
    void oneThatIsLargerThanAllThatMayWaitIsTakenAlone() throws Exception {
        CompletableFuture<Void> large = log.append(blocks(MOST_BLOCKS + 1));
        gate.countDown();
        large.get();
    }

    @Test
    void whoWaitsForRoomIsToldThatTheLogIsClosed() throws Exception {
        CompletableFuture<Void> all = log.append(blocks(MOST_BLOCKS));
        CompletableFuture<CompletableFuture<Void>> blocked = blockedAppend();
        Thread closer = Thread.ofPlatform().daemon().start(() -> {
            try {
                log.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        // Before the sync ends.
        await().until(blocked::isDone);
        assertThatThrownBy(() -> blocked.join().get()).hasMessageContaining("the undo log is closed");
        gate.countDown();
        closer.join();
        // What was taken is stored.
        all.get();
    }

    @Test
    void whoWaitsForRoomIsToldThatTheLogFailed() {
        files.failNextSync();
        CompletableFuture<Void> all = log.append(blocks(MOST_BLOCKS));
        CompletableFuture<CompletableFuture<Void>> blocked = blockedAppend();
        gate.countDown();
        await().until(blocked::isDone);
        assertThatThrownBy(first::get).hasMessageContaining("Input/output error");
        assertThatThrownBy(all::get).hasMessageContaining("Input/output error");
        assertThatThrownBy(() -> blocked.join().get()).hasMessageContaining("start the node again");
        assertThatThrownBy(log::sync)
                .isInstanceOf(UndoLogException.class)
                .hasMessageStartingWith("the undo log failed and takes nothing more");
    }

    @Test
    void anInterruptEndsAWaitAndIsNotForgotten() throws Exception {
        Thread.currentThread().interrupt();
        assertThatThrownBy(log::sync).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        gate.countDown();
        first.get();
        log.sync();
        // A close is not cut short.
        Thread.currentThread().interrupt();
        log.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(files.open()).isEmpty();
    }

    @Test
    void anInterruptDoesNotKeepThePoolFromClosing() throws Exception {
        gate.countDown();
        FaultyFiles own = new FaultyFiles();
        UndoOptions options = UndoOptions.defaults().withSegmentBytes(1 << 20);
        SegmentPool pool = new SegmentPool(own, options, SegmentPool.ownThread());
        pool.start(List.of(), 0);
        assertThat(own.open()).hasSize(options.spareSegments());
        Thread.currentThread().interrupt();
        pool.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(own.open()).isEmpty();
    }
}
