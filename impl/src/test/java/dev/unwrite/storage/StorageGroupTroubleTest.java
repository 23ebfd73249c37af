package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a group does, tells and logs while something happens in the middle of a request, or its files fail. */
@Timeout(60)
class StorageGroupTroubleTest {
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();
    private final HookedBackend backend = new HookedBackend();
    private final Volume volume = new Volume(0, "disk", backend);
    private RecordStore store;
    private StorageGroup group;

    /** Something that happens while the backend works. */
    private interface Hook {
        void run() throws IOException;
    }

    /** A disk in memory, at whose requests something else can happen. */
    private static final class HookedBackend implements Backend {
        final byte[] bytes = new byte[4 * BLOCK];
        int reads;
        int flushes;
        boolean up = true;
        Hook during = () -> {};

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            reads++;
            target.put(bytes, (int) offset, target.remaining());
            during.run();
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
            source.get(bytes, (int) offset, source.remaining());
            during.run();
        }

        @Override
        public void trim(long offset, long length, boolean fua) {
            Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean noHole, boolean fua) {
            trim(offset, length, fua);
        }

        @Override
        public void flush() throws IOException {
            flushes++;
            during.run();
        }

        @Override
        public void close() {}

        @Override
        public boolean up() {
            return up;
        }

        @Override
        public int minimumBlock() {
            return 1;
        }

        @Override
        public int maximumPayload() {
            return bytes.length;
        }
    }

    /** Writes down what it is told. */
    private static final class Told implements StorageObserver {
        final List<String> lines = new ArrayList<>();

        @Override
        public boolean active() {
            return true;
        }

        @Override
        public void booted(String group, String storage, long boot, OwnershipRecord record, List<String> volumes) {
            lines.add(group + " booted " + boot);
        }

        @Override
        public void flushed(String group, String volume, long session) {
            lines.add(group + " flushed " + volume);
        }

        @Override
        public void written(Write write) {
            lines.add(write.group() + " " + write.kind() + (write.certain() ? "" : ", perhaps"));
        }
    }

    @BeforeEach
    void start() throws IOException {
        store = RecordStore.open(folder.resolve("data"), List.of("g"));
        group = group(StorageObserver.NONE);
    }

    private StorageGroup group(StorageObserver observer) {
        SequencedMap<String, Volume> volumes = new LinkedHashMap<>();
        volumes.put("disk", volume);
        return new StorageGroup("g", volumes, store, new SessionNumbers(store.boot()), observer, log::add);
    }

    @AfterEach
    void stop() throws IOException {
        store.close();
    }

    private static OwnershipRecord solo(String owner, long term) {
        return new OwnershipRecord(0, term, owner, Mode.SOLO, "", 0);
    }

    private Binding owner(String host, long term) throws IOException {
        return StorageGroupTest.owner(group, host, term);
    }

    private GuardedDevice device(Binding binding) {
        return new GuardedDevice(group, volume, binding);
    }

    private static ByteBuffer block(int content) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) content);
        return ByteBuffer.wrap(bytes);
    }

    private static void refused(int error, Hook request) {
        assertThatThrownBy(request::run)
                .isInstanceOfSatisfying(
                        NbdException.class, e -> assertThat(e.error()).isEqualTo(error));
    }

    // ---- A takeover in the middle of a request.

    /** What it read may be of the new owner's making. */
    @Test
    void aReadDuringWhichTheOwnerIsFencedIsRefused() throws IOException {
        GuardedDevice a = device(owner("A", 1));
        backend.during = () -> {
            backend.during = () -> {};
            owner("B", 2);
        };
        refused(NbdError.ESHUTDOWN, () -> a.read(0, ByteBuffer.allocate(BLOCK)));
        assertThat(backend.reads).isEqualTo(1);
        refused(NbdError.ESHUTDOWN, () -> a.read(0, ByteBuffer.allocate(BLOCK)));
        assertThat(backend.reads).isEqualTo(1);
    }

    @Test
    void aFlushDuringWhichTheOwnerIsFencedIsRefused() throws IOException {
        GuardedDevice a = device(owner("A", 1));
        a.flush();
        assertThat(backend.flushes).isEqualTo(1);
        backend.during = () -> {
            backend.during = () -> {};
            owner("B", 2);
        };
        refused(NbdError.ESHUTDOWN, a::flush);
        assertThat(backend.flushes).isEqualTo(2);
        refused(NbdError.ESHUTDOWN, a::flush);
        assertThat(backend.flushes).isEqualTo(2);
    }

    // ---- Forced writes.

    @Test
    void whatIsForcedIsFlushedAndElseNot() throws IOException {
        GuardedDevice a = device(owner("A", 1));
        a.write(0, block(7), false);
        a.trim(2 * BLOCK, BLOCK, false);
        a.writeZeroes(2 * BLOCK, BLOCK, false, false);
        assertThat(backend.flushes).isZero();
        a.write(0, block(8), true);
        assertThat(backend.flushes).isEqualTo(1);
        a.trim(0, BLOCK, true);
        assertThat(backend.flushes).isEqualTo(2);
        assertThat(backend.bytes).containsOnly(0);
        a.writeZeroes(0, BLOCK, false, true);
        assertThat(backend.flushes).isEqualTo(3);
    }

    // ---- The observer.

    @Test
    void theObserverHearsOfWhichGroupAndWhatIsNotCertain() throws IOException {
        Told told = new Told();
        group = group(told);
        GuardedDevice a = device(owner("A", 1));
        a.write(0, block(7), true);
        backend.during = () -> {
            throw new IOException("the disk is gone");
        };
        assertThatThrownBy(() -> a.write(0, block(8), false)).hasMessage("the disk is gone");
        assertThatThrownBy(a::flush).hasMessage("the disk is gone");
        backend.during = () -> {};
        // Nothing is left locked.
        group.loseCache();
        assertThat(told.lines)
                .containsExactly("g booted 1", "g WRITE", "g flushed disk", "g WRITE, perhaps", "g booted 2");
        assertThat(backend.flushes).isEqualTo(2);
    }

    // ---- What an operator reads.

    @Test
    void theLogSaysWhoHasTheGroupAndWhoWasRefused() throws IOException {
        Binding a = owner("A", 1);
        group.open("A", 1);
        group.compareAndSet("A", a.session(), 0, solo("A", 9));
        refused(NbdError.ESHUTDOWN, () -> device(a).write(0, block(1), false));
        long b = group.open("B", 2).session().number();
        group.compareAndSet("B", b, 7, solo("B", 2));
        group.compareAndSet("B", b, 1, new OwnershipRecord(0, 2, "B", Mode.PROTECTED, "A", 0));
        group.loseCache();
        assertThat(log)
                .containsExactly(
                        "group g: host A opened session 1.1 for term 1",
                        "group g: term 1, owner A, solo, version 1, set by host A in session 1.1",
                        "group g: host A opened session 1.2 for term 1, which ends 1.1",
                        "group g: refused a write: host A in session 1.1 has been ended by a newer session or a restart",
                        "group g: host B opened session 1.3 for term 2",
                        "group g: term 2, owner B, protected, secondary A, version 2, set by host B in session 1.3",
                        "group g: all sessions ended, boot number is now 2");
    }

    @Test
    void aStrangerIsToldThatItOnlyReads() {
        GuardedDevice stranger = device(Binding.stranger("g"));
        assertThat(stranger.readOnly()).isTrue();
        assertThatThrownBy(() -> stranger.write(0, block(1), false))
                .hasMessage("a client without a session only reads");
        assertThat(log).containsExactly("group g: refused a write: a client without a session only reads");
    }

    @Test
    void nonsenseIsRefusedWithAReason() {
        assertThatThrownBy(() -> group.open("A", -1)).isInstanceOfSatisfying(StorageOpException.class, e -> {
            assertThat(e.code()).isEqualTo(StorageOpException.Code.INVALID);
            assertThat(e).hasMessage("term cannot be negative");
        });
    }

    @Test
    void withoutItsBackendNobodyGetsASession() throws IOException {
        backend.up = false;
        assertThatThrownBy(() -> group.open("A", 1)).hasMessage("the backend of volume disk is down");
        backend.up = true;
        assertThat(group.open("A", 0).session().term()).isZero();
    }

    // ---- The record cannot be stored.

    @Test
    void aRecordThatCannotBeStoredIsNotInForceAndMayBeTriedAgain() throws IOException {
        long a = group.open("A", 1).session().number();
        Path inTheWay =
                Files.createDirectory(recordFile().resolveSibling(recordFile().getFileName() + ".tmp"));
        assertThatThrownBy(() -> group.compareAndSet("A", a, 0, solo("A", 1)))
                .isInstanceOfSatisfying(
                        StorageOpException.class,
                        e -> assertThat(e.code()).isEqualTo(StorageOpException.Code.UNAVAILABLE));
        assertThat(log).last().asString().startsWith("group g: the record could not be stored: ");
        assertThat(group.record()).isEqualTo(OwnershipRecord.INITIAL);
        Files.delete(inTheWay);
        assertThat(group.compareAndSet("A", a, 0, solo("A", 1)).ok()).isTrue();
    }

    /** The new record and the old one may both be found by the next start, so nobody may act on either until then. */
    @Test
    void aRecordThatMayBeStoredStopsTheGroup() throws IOException {
        Binding a = owner("A", 1);
        Files.delete(recordFile());
        Files.createFile(Files.createDirectory(recordFile()).resolve("full"));
        assertThatThrownBy(() -> group.compareAndSet("A", a.session(), 1, solo("A", 2)))
                .isInstanceOfSatisfying(
                        StorageOpException.class,
                        e -> assertThat(e.code()).isEqualTo(StorageOpException.Code.UNCERTAIN));
        assertThat(log).last().asString().startsWith("group g: stopped: ").endsWith("; start the storage again");
        refused(NbdError.EIO, () -> device(a).read(0, ByteBuffer.allocate(BLOCK)));
        refused(NbdError.EIO, () -> device(a).write(0, block(1), false));
        refused(NbdError.EIO, () -> device(a).flush());
        stopped(() -> group.record());
        stopped(() -> group.open("B", 2));
        stopped(() -> group.compareAndSet("A", a.session(), 1, solo("A", 1)));
        assertThat(backend.reads + backend.flushes).isZero();
    }

    private Path recordFile() {
        return folder.resolve("data").resolve("group-g.json");
    }

    private static void stopped(Hook request) {
        assertThatThrownBy(request::run).isInstanceOfSatisfying(StorageOpException.class, e -> {
            assertThat(e.code()).isEqualTo(StorageOpException.Code.UNAVAILABLE);
            assertThat(e).hasMessageStartingWith("group g is stopped: ");
        });
    }
}
