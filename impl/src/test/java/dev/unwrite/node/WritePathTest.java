package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
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
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The way of a write, with a storage in this process that goes and comes back. */
@Timeout(60)
class WritePathTest {
    private static final Extent X = new Extent(0, 10, 2);
    private static final Extent Y = new Extent(0, 20, 1);

    @TempDir
    Path dir = Path.of("unset");

    private final Engine engine = new Engine(HostState.started("A", "B", new TreeMap<>(), null), TraceWriter.NONE);
    private final SessionHolder sessions = new SessionHolder();
    private final WritePath path = new WritePath(engine, sessions, false);
    private StorageServer storage;
    private StorageClient client;

    @BeforeEach
    void open() throws IOException {
        engine.connect(effect -> {
            if (effect instanceof dev.unwrite.protocol.Effect.Ready ready) {
                path.ready(ready.writes());
            }
        });
        storage = startStorage();
        client = StorageClient.of(uri(), "vm1", "A", Node.Timing.STORAGE);
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
    }

    @AfterEach
    void close() throws IOException {
        sessions.clear();
        client.close();
        storage.close();
    }

    private NbdUri uri() {
        return NbdUri.unix(dir.resolve("s.sock"), "");
    }

    private StorageServer startStorage() throws IOException {
        VolumeSpec disk = VolumeSpec.parse("vm1/disk=" + dir.resolve("disk.img") + ",size=1M");
        return StorageServer.start(new StorageServer.Settings(
                uri(), List.of(disk), dir.resolve("data"), StorageObserver.NONE, line -> {}));
    }

    private void take(Action action) {
        assertThat(engine.take(action)).as("%s", action).isTrue();
    }

    private static ByteBuffer filled(Extent extent, int value) {
        byte[] bytes = new byte[(int) extent.lengthBytes()];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private ByteBuffer stored(Extent extent) throws IOException {
        ByteBuffer target = ByteBuffer.allocate((int) extent.lengthBytes());
        sessions.await().volume(0).read(extent.offsetBytes(), target);
        return target.flip();
    }

    /** Opens a session as the keeper of a node does. */
    private void renew() throws IOException {
        OwnerSession own = OwnerSession.open(client, 1);
        sessions.set(own);
        take(new Action.OpenSession(own.number()));
        assertThat(path.replay(own)).isTrue();
        sessions.readable();
    }

    @Test
    void aWriteIsAtTheStorageAndForgottenAfterAFlush() throws IOException {
        path.write(X, filled(X, 7), false);
        assertThat(stored(X)).isEqualTo(filled(X, 7));
        assertThat(engine.state().dirty().containsAll(X)).isTrue();
        path.flush();
        assertThat(engine.state().quiet()).isTrue();
        path.write(X, null, false);
        assertThat(stored(X)).isEqualTo(filled(X, 0));
        assertThat(path.writes()).isEqualTo(2);
    }

    /** Written again as data they would be allocated. */
    @Test
    void zeroesThatAreWrittenAgainAreAHoleAgain() throws IOException {
        path.write(X, null, false);
        path.write(Y, filled(Y, 1), false);
        storage.close();
        storage = startStorage();
        renew();
        assertThat(stored(X)).isEqualTo(filled(X, 0));
        assertThat(stored(Y)).isEqualTo(filled(Y, 1));
        for (Extent extent : List.of(X, Y)) {
            assertThat(sessions.await().volume(0).allocation(extent.offsetBytes(), extent.lengthBytes()))
                    .containsExactly(new Allocation(extent.lengthBytes(), extent.equals(X), extent.equals(X)));
        }
    }

    @Test
    void aWriteThatMeetsADeadStorageGoesAgainAfterWhatWasNotFlushed() throws Exception {
        path.write(X, filled(X, 1), false);
        CompletableFuture<Void> broken = new CompletableFuture<>();
        sessions.onBroken(() -> broken.complete(null));
        storage.close();
        CompletableFuture<Void> written = CompletableFuture.runAsync(() -> write(Y, 2));
        broken.get(20, TimeUnit.SECONDS);
        assertThat(sessions.isBroken()).isTrue();
        storage = startStorage();
        renew();
        written.get(20, TimeUnit.SECONDS);
        assertThat(stored(X)).isEqualTo(filled(X, 1));
        assertThat(stored(Y)).isEqualTo(filled(Y, 2));
        path.flush();
        assertThat(engine.state().quiet()).isTrue();
    }

    private void write(Extent extent, int value) {
        try {
            path.write(extent, filled(extent, value), false);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** Between the end of a write at the storage and the protocol's word of it, a flush must not forget what was written. */
    @Test
    void whatIsBeingWrittenIsRememberedAcrossAFlush() throws IOException {
        take(new Action.MachineWrite(99, Y));
        path.write(X, filled(X, 1), false);
        assertThat(path.mayBeWrittenAgain().containsAll(X)).isTrue();
        path.flush();
        assertThat(path.mayBeWrittenAgain()).isEqualTo(Blocks.of(Y));
    }

    @Test
    void aFlushInARollbackDoesNotWaitForAnotherSession() throws IOException {
        path.write(X, filled(X, 1), false);
        OwnerSession own = sessions.await();
        storage.close();
        assertThat(path.flushOnce(own)).isFalse();
        assertThat(sessions.isBroken()).isTrue();
        storage = startStorage();
        renew();
        path.flush();
        assertThat(engine.state().quiet()).isTrue();
    }

    @Test
    void aHostThatIsFencedWritesNothing() throws IOException {
        OwnershipRecord newer = new OwnershipRecord(2, 2, "B", OwnershipRecord.Mode.SOLO, "", 0);
        take(new Action.StepDown(newer));
        path.endAll();
        sessions.clear();
        assertThatThrownBy(() -> path.write(X, filled(X, 1), false))
                .isInstanceOf(NbdException.class)
                .hasMessageContaining("does not own");
        assertThatThrownBy(sessions::await).isInstanceOf(NbdException.class);
    }

    @Test
    void whoeverWaitsForASessionGetsTheNextOneOrAnError() throws Exception {
        OwnerSession own = sessions.await();
        sessions.broken(own, new IOException("gone"));
        CompletableFuture<OwnerSession> waiting = CompletableFuture.supplyAsync(this::awaitSession);
        renew();
        assertThat(waiting.get(20, TimeUnit.SECONDS))
                .isSameAs(sessions.current())
                .isNotSameAs(own);
        // Late word of an old session does not break the new one.
        sessions.broken(own, new IOException("late"));
        assertThat(sessions.isBroken()).isFalse();
        sessions.broken(sessions.await(), new IOException("gone"));
        CompletableFuture<OwnerSession> vain = CompletableFuture.supplyAsync(this::awaitSession);
        sessions.clear();
        assertThatThrownBy(() -> vain.get(20, TimeUnit.SECONDS)).hasRootCauseInstanceOf(NbdException.class);
    }

    private OwnerSession awaitSession() {
        try {
            return sessions.await();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
