package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.host.Done;
import dev.unwrite.host.LocalStore.Copied;
import dev.unwrite.host.LocalStore.Stored;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.image.PieceStream;
import dev.unwrite.protocol.Extent;
import dev.unwrite.store.DataFolder;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Orders to a real disk: each ends in one reply, on the loop. */
@Timeout(60)
class DiskShellTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path dir = Path.of("unset");

    private final Loop loop = new Loop(line -> {});
    private UndoLog undo;
    private CheckpointStore store;
    private DiskShell disk;

    @BeforeEach
    void open() throws IOException {
        undo = UndoLog.open(
                dir.resolve("undo"),
                UndoOptions.defaults().withSegmentBytes(1 << 20).withLimitBytes(1 << 20));
        store = CheckpointStore.open(dir.resolve("checkpoint"), CheckpointStore.Policy.DURABLE, 1 << 20);
        loop.start();
        disk = new DiskShell(new LocalDisk(undo, store, new Owned()), loop);
    }

    private static final class Owned implements DataFolder {
        @Override
        public void belongsTo(String storage) throws IOException {
            if (!storage.equals("s1")) {
                throw new IOException("it belongs to s1");
            }
        }

        @Override
        public Map<String, String> checkpointMeta() {
            return Map.of();
        }
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        disk.close();
        store.close();
        undo.close();
    }

    private <T> Awaited<T> ask(Consumer<Reply<T>> question) throws InterruptedException {
        Awaited<T> reply = new Awaited<>();
        loop.post(() -> question.accept(reply));
        assertThat(reply.await(SOON)).as("a reply").isTrue();
        return reply;
    }

    private <T> T answer(Consumer<Reply<T>> question) throws InterruptedException {
        Awaited<T> reply = ask(question);
        assertThat(reply.trouble()).isNull();
        return reply.result();
    }

    private static OldData old(long block, int value) {
        ByteBuffer data = ByteBuffer.allocate(Extent.BLOCK_BYTES).put(0, (byte) value);
        return OldData.of(new Extent(0, block, 1), data);
    }

    @Test
    void copiesAreStoredAndReadBack() throws Exception {
        List<Awaited<Stored>> replies = new ArrayList<>();
        loop.post(() -> {
            for (int i = 0; i < 100; i++) {
                Awaited<Stored> reply = new Awaited<>();
                replies.add(reply);
                disk.append(1, 1, old(i, i), reply);
            }
        });
        assertThat(this.<Done>answer(reply -> disk.discardBefore(1, 1, reply))).isEqualTo(Done.DONE);
        for (Awaited<Stored> reply : loop.call(() -> List.copyOf(replies)).get()) {
            assertThat(reply.await(SOON)).isTrue();
            assertThat(reply.result()).isEqualTo(Stored.STORED);
        }
        assertThat(disk.position()).isEqualTo(100);
        loop.post(() -> disk.readBack(1, 1));
        int blocks = 0;
        for (List<Copied> copies = answer(disk::nextCopies); !copies.isEmpty(); copies = answer(disk::nextCopies)) {
            blocks += copies.stream().mapToInt(copy -> copy.extent().count()).sum();
        }
        assertThat(blocks).isEqualTo(100);
    }

    @Test
    void whatCannotBeStoredSaysWhy() throws Exception {
        byte[] bytes = new byte[256 * Extent.BLOCK_BYTES];
        Arrays.fill(bytes, (byte) 7);
        OldData large = OldData.of(new Extent(0, 0, 256), ByteBuffer.wrap(bytes));
        Trouble full =
                this.<Stored>ask(reply -> disk.append(1, 1, large, reply)).trouble();
        assertThat(full).isNotNull().extracting(Trouble::kind).isEqualTo(Trouble.Kind.NO_SPACE);
        this.<Done>answer(reply -> disk.discardBefore(2, 1, reply));
        assertThat(this.<Stored>answer(reply -> disk.append(1, 1, old(0, 1), reply)))
                .isEqualTo(Stored.NOT_WANTED);
        Trouble foreign = this.<Done>ask(reply -> disk.belongsTo("s2", reply)).trouble();
        assertThat(foreign).isNotNull().extracting(Trouble::text).isEqualTo("it belongs to s1");
    }

    @Test
    void aStateArrivesAndIsCommitted() throws Exception {
        byte[] state = new byte[5000];
        state[4999] = 7;
        byte[] pieces = PieceStream.flat(new ByteArrayInputStream(state)).readAllBytes();
        CRC32C crc = new CRC32C();
        crc.update(pieces);
        this.<Done>answer(reply -> disk.beginState(1, 2, 0, reply));
        this.<Done>answer(reply -> disk.writeState(1, 2, 0, ByteBuffer.wrap(pieces, 0, 4000), reply));
        this.<Done>answer(
                reply -> disk.writeState(1, 2, 4000, ByteBuffer.wrap(pieces, 4000, pieces.length - 4000), reply));
        CountDownLatch written = new CountDownLatch(1);
        disk.whenWritten(written::countDown);
        assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
        this.<Done>answer(reply -> disk.endState(1, 2, pieces.length, (int) crc.getValue(), reply));
        assertThat(store.committed()).isEmpty();
        this.<Done>answer(reply -> disk.commitState(1, 2, reply));
        try (var in = store.open()) {
            assertThat(in.readAllBytes()).isEqualTo(state);
        }
        this.<Done>answer(disk::discardAll);
        assertThat(store.committed()).isEmpty();
    }
}
