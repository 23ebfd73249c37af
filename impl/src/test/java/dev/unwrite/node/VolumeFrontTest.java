package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.storage.StorageServer;
import dev.unwrite.storage.VolumeSpec;
import dev.unwrite.trace.TraceWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A volume of a machine that has a secondary: every overwrite asks first; flush and FUA reach the storage. */
@Timeout(60)
class VolumeFrontTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final long SIZE = 1 << 20;

    @TempDir
    Path dir = Path.of("unset");

    private final Engine engine = new Engine(HostState.started("A", "B", new TreeMap<>(), null), TraceWriter.NONE);
    private final SessionHolder sessions = new SessionHolder();
    private final WritePath path = new WritePath(engine, sessions, false);
    private final Gate gate = new Gate();
    private final VolumeFront front = new VolumeFront(0, SIZE, sessions, path, gate, new UndoBudget(engine, 1L << 30));
    private final BlockingQueue<Effect.SendPreserve> asked = new LinkedBlockingQueue<>();
    private final AtomicInteger flushes = new AtomicInteger();
    private StorageServer storage;
    private StorageClient client;

    @BeforeEach
    void open() throws IOException {
        engine.connect(effect -> {
            if (effect instanceof Effect.Ready ready) {
                path.ready(ready.writes());
            } else if (effect instanceof Effect.SendPreserve preserve) {
                asked.add(preserve);
            }
        });
        NbdUri uri = NbdUri.unix(dir.resolve("s.sock"), "");
        VolumeSpec disk = VolumeSpec.parse("vm1/disk=" + dir.resolve("disk.img") + ",size=1M");
        storage = StorageServer.start(
                new StorageServer.Settings(uri, List.of(disk), dir.resolve("data"), flushCounter(), line -> {}));
        client = StorageClient.of(uri, "vm1", "A", Node.Timing.STORAGE);
        OwnerSession own = OwnerSession.open(client, 1);
        take(new Action.Propose(Action.Change.BOOTSTRAP, OwnershipRecord.INITIAL));
        OwnershipRecord wanted = new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0);
        assertThat(own.session().cas(0, wanted).ok()).isTrue();
        take(new Action.Bootstrap(wanted, own.number()));
        sessions.set(own);
        own.flush();
        take(new Action.Flush(own.number()));
        take(new Action.ColdRead());
        sessions.readable();
        gate.open();
        front.write(0, filled(16 * BLOCK, 7), false);
        front.flush();
        take(new Action.StartJoin());
    }

    @AfterEach
    void close() throws IOException {
        sessions.clear();
        client.close();
        storage.close();
    }

    private StorageObserver flushCounter() {
        return new StorageObserver() {
            @Override
            public boolean active() {
                return true;
            }

            @Override
            public void flushed(String group, String volume, long session) {
                flushes.incrementAndGet();
            }
        };
    }

    private void take(Action action) {
        assertThat(engine.take(action)).as("%s", action).isTrue();
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private byte[] stored(long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        sessions.await().volume(0).read(offset, target);
        return target.array();
    }

    private interface Change {
        void run() throws IOException;
    }

    /** The change waits for copies of the extent, and is at the storage only then. */
    private void asksFirst(Extent extent, Change change) throws Exception {
        byte[] before = stored(0, 16 * BLOCK);
        CompletableFuture<Void> changed = CompletableFuture.runAsync(() -> {
            try {
                change.run();
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
        Effect.SendPreserve preserve = asked.poll(20, TimeUnit.SECONDS);
        assertThat(preserve).as("was asked for").isEqualTo(new Effect.SendPreserve(1, 1, List.of(extent)));
        assertThat(stored(0, 16 * BLOCK)).isEqualTo(before);
        assertThat(changed).isNotDone();
        take(new Action.RecvPreserved(1, 1, List.of(extent)));
        changed.get(20, TimeUnit.SECONDS);
        assertThat(stored(0, 16 * BLOCK)).isNotEqualTo(before);
    }

    @Test
    void everyKindOfOverwriteAsksFirst() throws Exception {
        asksFirst(new Extent(0, 0, 2), () -> front.write(0, filled(2 * BLOCK, 8), false));
        asksFirst(new Extent(0, 2, 2), () -> front.writeZeroes(2 * BLOCK, 2 * BLOCK, false, false));
        asksFirst(new Extent(0, 4, 2), () -> front.trim(4 * BLOCK, 2 * BLOCK, false));
        asksFirst(new Extent(0, 6, 2), () -> front.write(7 * BLOCK - 3, filled(6, 9), false));
        asksFirst(new Extent(0, 8, 1), () -> front.writeZeroes(8 * BLOCK + 5, 10, false, false));
        byte[] found = stored(7 * BLOCK - 4, 8);
        assertThat(found).containsExactly(7, 9, 9, 9, 9, 9, 9, 7);
        assertThat(stored(2 * BLOCK, 4 * BLOCK)).containsOnly(0);
    }

    @Test
    void zeroesAndTrimsAreHolesUnlessTheirSpaceIsToBeKept() throws Exception {
        asksFirst(new Extent(0, 0, 2), () -> front.writeZeroes(0, 2 * BLOCK, false, false));
        asksFirst(new Extent(0, 2, 2), () -> front.writeZeroes(2 * BLOCK, 2 * BLOCK, true, false));
        asksFirst(new Extent(0, 4, 2), () -> front.trim(4 * BLOCK, 2 * BLOCK, false));
        assertThat(stored(0, 6 * BLOCK)).containsOnly(0);
        assertThat(sessions.await().volume(0).allocation(0, 16 * BLOCK))
                .containsExactly(
                        Allocation.emptiness(2 * BLOCK),
                        Allocation.data(2 * BLOCK),
                        Allocation.emptiness(2 * BLOCK),
                        Allocation.data(10 * BLOCK));
    }

    @Test
    void aFlushAndAWriteWithFuaAreDurableAtTheStorage() throws Exception {
        int before = flushes.get();
        asksFirst(new Extent(0, 0, 1), () -> front.write(0, filled(BLOCK, 8), false));
        assertThat(flushes).hasValue(before);
        front.flush();
        assertThat(flushes).hasValue(before + 1);
        front.write(0, filled(BLOCK, 9), true);
        assertThat(flushes).hasValue(before + 2);
    }
}
