package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import dev.unwrite.storage.StorageClient.Identity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rule OneLife at the storage: which storage, whose name, which process; over real sockets. */
class StorageIdentityTest {
    @TempDir
    Path folder;

    private StorageServer server;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = start(NbdUri.tcp("127.0.0.1", 0, ""), "data");
    }

    private StorageServer start(NbdUri where, String data) throws IOException {
        return StorageServer.start(StorageServer.Settings.of(
                where,
                List.of(VolumeSpec.parse("g/disk=" + folder.resolve("disk.img") + ",size=64K")),
                folder.resolve(data)));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        server.close();
    }

    private StorageClient client(String host, Identity identity) {
        StorageClient client = StorageClient.of(server.uri(), "g", host, identity, StorageClient.Timeouts.DEFAULT);
        open.add(client);
        return client;
    }

    private static Identity folder(String id, long life) {
        return new Identity(id, life, "", false);
    }

    private static Identity replacing(String id) {
        return new Identity(id, 1, "", true);
    }

    private StorageSession opened(StorageClient client) throws IOException {
        StorageSession session = client.openSession(1);
        open.add(session);
        return session;
    }

    // ---- Which storage.

    @Test
    void aStorageKeepsItsIdAndAnotherOneHasAnother() throws IOException {
        StorageClient client = client("A", folder("a", 1));
        assertThat(client.storageId()).isEmpty();
        client.readRecord();
        String id = client.storageId();
        assertThat(id).hasSize(36);
        NbdUri where = server.uri();
        server.close();
        server = start(where, "data");
        assertThat(client.readRecord()).isEqualTo(OwnershipRecord.INITIAL);
        assertThat(client.storageId()).isEqualTo(id);
        assertThat(Files.readString(folder.resolve("data/boot.json"))).contains(id);
    }

    @Test
    void aStorageOfBeforeGetsAnId() throws IOException {
        NbdUri where = server.uri();
        server.close();
        Path boot = folder.resolve("data/boot.json");
        RecordFile.write(boot, "{\"boot\":4,\"groups\":[\"g\"]}");
        server = start(where, "data");
        StorageClient client = client("A", folder("a", 1));
        client.readRecord();
        assertThat(client.storageId()).hasSize(36);
        assertThat(Files.readString(boot)).contains(client.storageId());
    }

    @Test
    void aStorageThatBeginsAnewIsForeignToWhoeverKnewTheFormer() throws IOException {
        StorageClient client = client("A", folder("a", 1));
        StorageSession session = opened(client);
        String former = client.storageId();
        NbdUri where = server.uri();
        server.close();
        server = start(where, "empty");
        for (Asking asking : List.<Asking>of(
                client::readRecord,
                client::volumes,
                () -> client.openSession(1),
                () -> session.volume("disk"),
                // Its own kept connection has to be found gone first.
                () -> Awaitility.await()
                        .ignoreExceptionsInstanceOf(CasUncertainException.class)
                        .until(() -> session.cas(0, OwnershipRecord.INITIAL).ok()))) {
            assertThatThrownBy(asking::ask)
                    .isInstanceOf(ForeignStorageException.class)
                    .hasMessageContaining("belongs to storage " + former)
                    .hasMessageContaining("empty --data")
                    .message()
                    .doesNotContain("\n");
        }
        assertThat(client.storageId()).isEqualTo(former);
        StorageClient later = client("A", new Identity("a", 2, former, false));
        assertThatThrownBy(later::readRecord).isInstanceOf(ForeignStorageException.class);
        client("A", folder("a", 2)).readRecord();
    }

    private interface Asking {
        void ask() throws Exception;
    }

    @Test
    void whoAsksForAnUnknownGroupIsToldWhichThereAre() {
        assertThatThrownBy(() -> StorageClient.connect(server.uri(), "typo", "A"))
                .isInstanceOf(NbdRefusedException.class)
                .hasMessageContaining("no group typo here; the storage has g");
    }

    // ---- Whose name.

    private static void taken(boolean alive, String why, Asking asking) {
        assertThatThrownBy(asking::ask).isInstanceOfSatisfying(NameTakenException.class, e -> {
            assertThat(e.alive()).isEqualTo(alive);
            assertThat(e).hasMessageContaining(why);
            assertThat(e.getMessage()).doesNotContain("\n");
        });
    }

    @Test
    void aSecondHostOfTheSameNameDoesNoHarm() throws IOException {
        StorageClient mine = client("A", folder("mine", 1));
        StorageSession session = opened(mine);
        assertThat(session.cas(0, new OwnershipRecord(0, 1, "A", Mode.SOLO, "", 0))
                        .ok())
                .isTrue();
        NbdClient disk = session.volume("disk");
        StorageClient other = client("A", folder("other", 1));
        taken(false, "belongs to another data folder", () -> other.openSession(1));
        taken(false, "--replace", other::readRecord);
        taken(false, "--name", other::volumes);
        disk.write(0, ByteBuffer.allocate(4096), true);
        // Neither a session number nor a changed mind helps.
        StorageClient thief = client("A", replacing("other"));
        taken(true, "is alive", () -> thief.openSession(1));
        disk.write(0, ByteBuffer.allocate(4096), true);
    }

    @Test
    void theNameOfADeadHostGoesOverAndTheDeadOneIsTold() throws IOException {
        StorageClient dead = client("A", folder("dead", 1));
        StorageSession session = dead.openSession(1);
        assertThat(session.cas(0, new OwnershipRecord(0, 1, "A", Mode.SOLO, "", 0))
                        .ok())
                .isTrue();
        NbdClient disk = session.volume("disk");
        dead.close();
        // The session's connections tell of its life, too.
        StorageClient heir = client("A", replacing("heir"));
        disk.read(0, ByteBuffer.allocate(4096));
        taken(true, "is alive", heir::readRecord);
        session.close();
        StorageSession taken = Awaitility.await()
                .ignoreExceptionsInstanceOf(NameTakenException.class)
                .until(() -> heir.openSession(1), got -> true);
        open.add(taken);
        taken(false, "belongs to another", dead::readRecord);
        taken(false, "belongs to another", () -> session.volume("disk"));
        taken(false, "belongs to another", () -> session.cas(1, OwnershipRecord.INITIAL));
        // An heir that was replaced itself does not take the name back.
        heir.close();
        taken.close();
        StorageClient next = client("A", replacing("next"));
        open.add(Awaitility.await()
                .ignoreExceptionsInstanceOf(NameTakenException.class)
                .until(() -> next.openSession(1), got -> true));
        next.close();
        taken(false, "belongs to another", () -> heir.openSession(1));
    }

    @Test
    void aProcessThatWasKilledDoesNotKeepItsFolder() throws IOException {
        StorageClient first = client("A", folder("mine", 1));
        opened(first);
        StorageClient second = client("A", folder("mine", 2));
        taken(true, "a process with this data folder runs already", second::readRecord);
        taken(true, "heard", () -> second.openSession(1));
        first.close();
        for (AutoCloseable each : open) {
            if (each instanceof StorageSession session) {
                session.close();
            }
        }
        // Well within the time in which silence counts as death.
        long started = System.nanoTime();
        open.add(Awaitility.await()
                .ignoreExceptionsInstanceOf(NameTakenException.class)
                .until(() -> second.openSession(1), got -> true));
        assertThat(System.nanoTime() - started).isLessThan(Hosts.ALIVE_MILLIS * 1_000_000L);
        taken(true, "runs already", first::readRecord);
    }
}
