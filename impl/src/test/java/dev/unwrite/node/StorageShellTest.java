package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.host.Done;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageServer;
import dev.unwrite.storage.VolumeSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a host asks of the storage, and what it hears. */
@Timeout(60)
class StorageShellTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final OwnershipRecord OWNED = new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);

    @TempDir
    Path dir = Path.of("unset");

    private final BlockingQueue<String> hungUp = new LinkedBlockingQueue<>();
    private final Loop loop = new Loop(line -> {});
    private StorageServer server;
    private boolean up;
    private StorageShell storage;

    @BeforeEach
    void open() throws IOException {
        loop.start();
        start();
        StorageClient client = StorageClient.of(uri(), "vm1", "A", Node.Timing.STORAGE);
        storage = new StorageShell(client, loop, (session, why) -> hungUp.add(session + " " + why.kind()));
    }

    private void start() throws IOException {
        VolumeSpec disk = VolumeSpec.parse("vm1/disk=" + dir.resolve("disk.img") + ",size=1M");
        server = StorageServer.start(StorageServer.Settings.of(uri(), List.of(disk), dir.resolve("data")));
        up = true;
    }

    private NbdUri uri() {
        return NbdUri.unix(dir.resolve("s.sock"), "");
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        storage.close();
        stop();
    }

    private void stop() throws IOException {
        if (up) {
            up = false;
            server.close();
        }
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

    private <T> Trouble.Kind trouble(Consumer<Reply<T>> question) throws InterruptedException {
        Awaited<T> reply = ask(question);
        Trouble why = reply.trouble();
        if (why == null) {
            throw new AssertionError("no trouble");
        }
        return why.kind();
    }

    private long owner() throws InterruptedException {
        SharedStorage.Session session = this.<SharedStorage.Session>answer(reply -> storage.open(1, reply));
        SharedStorage.Changed changed = answer(reply -> storage.compareAndSet(session.number(), 0, OWNED, reply));
        assertThat(changed).isEqualTo(new SharedStorage.Changed(true, OWNED));
        return session.number();
    }

    private static ByteBuffer filled(int blocks, int value) {
        byte[] bytes = new byte[blocks * BLOCK];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    @Test
    void aSessionTellsWhatItIs() throws Exception {
        assertThat(this.<OwnershipRecord>answer(storage::readRecord)).isEqualTo(OwnershipRecord.INITIAL);
        SharedStorage.Session session = this.<SharedStorage.Session>answer(reply -> storage.open(1, reply));
        assertThat(session.storage()).isNotEmpty();
        assertThat(session.record()).isEqualTo(OwnershipRecord.INITIAL);
        assertThat(session.volumes()).singleElement().satisfies(volume -> {
            assertThat(volume.name()).isEqualTo("disk");
            assertThat(volume.sizeBytes()).isEqualTo(1 << 20);
        });
        SharedStorage.Session next = this.<SharedStorage.Session>answer(reply -> storage.open(1, reply));
        assertThat(next.number()).isGreaterThan(session.number());
    }

    @Test
    void whatAnOwnerWritesIsRead() throws Exception {
        long session = owner();
        Extent extent = new Extent(0, 2, 2);
        this.<Done>answer(reply -> storage.write(session, extent, filled(2, 7), false, reply));
        this.<Done>answer(reply -> storage.write(session, new Extent(0, 3, 1), null, true, reply));
        this.<Done>answer(reply -> storage.flush(session, reply));
        ByteBuffer read = answer(reply -> storage.read(session, 0, 3 * BLOCK - 2, 4, reply));
        assertThat(read).isEqualTo(ByteBuffer.wrap(new byte[] {7, 7, 0, 0}));
        OldData old = answer(reply -> storage.readOld(session, 1, extent, reply));
        assertThat(old.extent()).isEqualTo(extent);
        assertThat(trouble((Reply<ByteBuffer> reply) -> storage.read(session, 5, 0, 4, reply)))
                .isEqualTo(Trouble.Kind.INVALID);
    }

    @Test
    void aSessionThatANewerOneEndedIsOver() throws Exception {
        long first = owner();
        long second = this.<SharedStorage.Session>answer(reply -> storage.open(1, reply))
                .number();
        assertThat(trouble(
                        (Reply<Done> reply) -> storage.write(first, new Extent(0, 0, 1), filled(1, 7), false, reply)))
                .isIn(Trouble.Kind.ENDED, Trouble.Kind.LOST);
        assertThat(hungUp.poll(20, TimeUnit.SECONDS)).isEqualTo(first + " LOST");
        this.<Done>answer(reply -> storage.write(second, new Extent(0, 0, 1), filled(1, 7), false, reply));
        assertThat(hungUp).isEmpty();
    }

    @Test
    void aClosedSessionIsSilent() throws Exception {
        long session = owner();
        Awaited<Done> late = new Awaited<>();
        loop.post(() -> {
            storage.flush(session, late);
            storage.close(session);
        });
        assertThat(trouble((Reply<Done> reply) -> storage.flush(session, reply)))
                .isEqualTo(Trouble.Kind.ENDED);
        stop();
        assertThat(trouble((Reply<OwnershipRecord> reply) -> storage.readRecord(reply)))
                .isEqualTo(Trouble.Kind.LOST);
        assertThat(late.await(Duration.ZERO)).isFalse();
        assertThat(hungUp).isEmpty();
    }

    @Test
    void anIdleSessionIsMissedWhenTheStorageEnds() throws Exception {
        long session = owner();
        stop();
        assertThat(hungUp.poll(20, TimeUnit.SECONDS)).isEqualTo(session + " LOST");
        start();
        assertThat(trouble((Reply<Done> reply) -> storage.flush(session, reply)))
                .isEqualTo(Trouble.Kind.LOST);
    }
}
