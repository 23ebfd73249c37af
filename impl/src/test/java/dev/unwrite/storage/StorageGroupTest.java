package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fencing under fire: many threads write while the right to write moves on. */
class StorageGroupTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 32;
    private static final int WRITERS = 16;

    @TempDir
    Path folder;

    private RecordStore store;
    private FileBackend backend;
    private StorageGroup group;
    private Volume volume;

    @BeforeEach
    void start() throws IOException {
        backend = FileBackend.open(folder.resolve("disk.img"), OptionalLong.of((long) BLOCK * BLOCKS));
        store = RecordStore.open(folder.resolve("data"), List.of("g"));
        volume = new Volume(0, "disk", backend);
        SequencedMap<String, Volume> volumes = new LinkedHashMap<>();
        volumes.put("disk", volume);
        group = new StorageGroup(
                "g", volumes, store, new SessionNumbers(store.boot()), StorageObserver.NONE, line -> {});
    }

    @AfterEach
    void stop() throws IOException {
        backend.close();
        store.close();
    }

    @Test
    void afterTheCasNoWriteOfTheOldTermIsApplied() throws Exception {
        for (int round = 0; round < 20; round++) {
            long term = 1 + 2L * round;
            Binding a = owner("A", term);
            hammerWhile(a, (byte) 1, NbdError.ESHUTDOWN, () -> {
                Binding b = owner("B", term + 1);
                assertUnchanged(b, (byte) 2);
            });
        }
    }

    @Test
    void afterTheOpenNoWriteOfTheEarlierSessionIsApplied() throws Exception {
        for (int round = 0; round < 20; round++) {
            long term = 1L + round;
            Binding a = owner("A", term);
            hammerWhile(a, (byte) 1, NbdError.ESHUTDOWN, () -> {
                Binding again =
                        new Binding("g", "A", group.open("A", term).session().number());
                assertUnchanged(again, (byte) 2);
            });
        }
    }

    @Test
    void afterALostCacheNoWriteOfAnySessionIsApplied() throws Exception {
        Binding a = owner("A", 1);
        hammerWhile(a, (byte) 1, NbdError.ESHUTDOWN, () -> {
            group.loseCache();
            byte[] before = image();
            Thread.sleep(5);
            assertThat(Arrays.mismatch(image(), before)).isEqualTo(-1);
        });
        StorageGroup.Opened opened = group.open("A", 1);
        assertThat(opened.session().boot()).isEqualTo((a.session() >>> 32) + 1);
    }

    private void hammerWhile(Binding binding, byte content, int error, UnderFire.Action action) throws Exception {
        UnderFire.run(WRITERS, BLOCKS, block -> write(binding, block, content), error, action);
    }

    /** Fills the volume as the new writer and sees that nobody else's bytes come back. */
    private void assertUnchanged(Binding binding, byte content) throws Exception {
        for (int block = 0; block < BLOCKS; block++) {
            write(binding, block, content);
        }
        byte[] before = image();
        assertThat(before).containsOnly(content);
        for (int i = 0; i < 20; i++) {
            Thread.yield();
            assertThat(Arrays.mismatch(image(), before)).isEqualTo(-1);
        }
    }

    private void write(Binding binding, int block, byte content) throws IOException {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, content);
        new GuardedDevice(group, volume, binding).write((long) block * BLOCK, ByteBuffer.wrap(bytes), false);
    }

    private byte[] image() throws IOException {
        ByteBuffer all = ByteBuffer.allocate(BLOCK * BLOCKS);
        backend.read(0, all);
        return all.array();
    }

    private Binding owner(String host, long term) throws IOException {
        return owner(group, host, term);
    }

    /** Opens a session for the host and makes it the owner in that term. */
    static Binding owner(StorageGroup group, String host, long term) throws IOException {
        long session = group.open(host, term).session().number();
        OwnershipRecord next = new OwnershipRecord(0, term, host, Mode.SOLO, "", 0);
        assertThat(group.compareAndSet(host, session, group.record().version(), next)
                        .ok())
                .isTrue();
        return new Binding("g", host, session);
    }

    @Test
    void refusalsHaveTheirNumbers() throws IOException {
        Binding a = owner("A", 1);
        write(a, 0, (byte) 1);
        assertError(NbdError.EPERM, Binding.stranger("g"));
        Binding b = new Binding("g", "B", group.open("B", 1).session().number());
        assertError(NbdError.EPERM, b);
        Binding higher = new Binding("g", "A", group.open("A", 2).session().number());
        assertError(NbdError.EPERM, higher);
        assertError(NbdError.ESHUTDOWN, a);
        assertThatThrownBy(() -> read(a)).isInstanceOf(NbdException.class);
        read(b);
        read(Binding.stranger("g"));
        assertThat(image()[0]).isEqualTo((byte) 1);
    }

    @Test
    void aCasOfAnEndedSessionIsRefused() throws IOException {
        Binding a = owner("A", 1);
        group.open("A", 1);
        StorageGroup.Compared late = group.compareAndSet(
                "A", a.session(), group.record().version(), new OwnershipRecord(0, 9, "A", Mode.SOLO, "", 0));
        assertThat(late.ok()).isFalse();
        assertThat(late.ended()).isTrue();
        assertThat(store.read("g").term()).isEqualTo(1);
    }

    private void assertError(int error, Binding binding) {
        assertThatThrownBy(() -> write(binding, 0, (byte) 9))
                .isInstanceOfSatisfying(
                        NbdException.class, e -> assertThat(e.error()).isEqualTo(error));
    }

    private void read(Binding binding) throws IOException {
        new GuardedDevice(group, volume, binding).read(0, ByteBuffer.allocate(BLOCK));
    }
}
