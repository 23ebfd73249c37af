package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.nbd.RequestCookie;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the observer is told, in order, explains what is on the disk. */
class StorageObserverTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4;

    @TempDir
    Path folder;

    private static final class Recorder implements StorageObserver {
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        final List<Write> writes = Collections.synchronizedList(new ArrayList<>());
        final byte[] disk = new byte[BLOCK * BLOCKS];
        final AtomicInteger inside = new AtomicInteger();

        @Override
        public boolean active() {
            return true;
        }

        @Override
        public void booted(String group, String storage, long boot, OwnershipRecord record, List<String> volumes) {
            tell("booted " + boot + " " + record.term() + " " + volumes);
        }

        @Override
        public void sessionOpened(String group, Session session, List<Session> ended) {
            tell("opened " + session.host() + " " + session.term() + " ends " + ended.size());
        }

        @Override
        public void recordChanged(String group, Session by, OwnershipRecord record) {
            tell("record " + record.term() + " " + record.owner() + " by " + by.host());
        }

        @Override
        public void flushed(String group, String volume, long session) {
            tell("flushed " + volume);
        }

        @Override
        public void refused(Refusal refusal) {
            tell("refused " + refusal.asked() + " of " + refusal.host() + " in term " + refusal.term());
        }

        @Override
        public void written(Write write) {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            @Nullable ByteBuffer data = write.data();
            if (data != null) {
                data.get(disk, (int) write.offset(), (int) write.length());
            }
            writes.add(new StorageObserver.Write(
                    write.group(),
                    write.volume(),
                    write.session(),
                    write.cookie(),
                    write.kind(),
                    write.offset(),
                    write.length(),
                    null,
                    write.certain()));
            inside.decrementAndGet();
        }

        @Override
        public void readForCopy(Read read) {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            List<String> contents = new ArrayList<>();
            ByteBuffer data = read.data();
            for (int at = 0; at < read.length(); at += BLOCK) {
                contents.add(String.valueOf(data == null ? 0 : data.get(data.position() + at)));
            }
            tell("read " + read.offset() / BLOCK + "+" + read.length() / BLOCK + " for " + read.epoch() + ": "
                    + String.join(", ", contents));
            inside.decrementAndGet();
        }

        private void tell(String line) {
            lines.add(line + " after " + writes.size());
        }
    }

    private StorageServer start(Recorder recorder) throws IOException {
        return StorageServer.start(new StorageServer.Settings(
                NbdUri.tcp("127.0.0.1", 0, ""),
                List.of(VolumeSpec.parse("g/disk=" + folder.resolve("disk.img") + ",size=16K")),
                folder.resolve("data"),
                recorder,
                line -> {}));
    }

    @Test
    void theOrderOfTheCallsIsTheOrderOfTheEffects() throws Exception {
        Recorder recorder = new Recorder();
        try (StorageServer server = start(recorder);
                StorageClient client = StorageClient.connect(server.uri(), "g", "A");
                StorageSession session = client.openSession(1)) {
            session.cas(0, new OwnershipRecord(0, 1, "A", Mode.SOLO, "", 0));
            NbdClient disk = session.volume("disk");
            RequestCookie.tagged(77, () -> {
                write(disk, 0, 9);
                return disk;
            });
            disk.flush();
            writeConcurrently(disk);
            ByteBuffer content = ByteBuffer.allocate(BLOCK * BLOCKS);
            disk.read(0, content);
            assertThat(content.array()).isEqualTo(recorder.disk);
            disk.writeZeroes(0, BLOCK, false, true);
            assertThat(recorder.writes.getFirst().session()).isEqualTo(session.number());
        }
        assertThat(recorder.writes).hasSize(402);
        assertThat(recorder.writes.getFirst().cookie() >>> 32).isEqualTo(77);
        assertThat(recorder.writes.get(1).cookie() >>> 32).isZero();
        assertThat(recorder.writes.getLast().kind()).isEqualTo(StorageObserver.Kind.ZERO);
        assertThat(recorder.lines)
                .containsExactly(
                        "booted 1 0 [disk] after 0",
                        "opened A 1 ends 0 after 0",
                        "record 1 A by A after 0",
                        "flushed disk after 1",
                        "flushed disk after 402");
    }

    /** The machine's reads, and those of strangers, are nobody's business. */
    @Test
    void aReadForACopyIsToldOfAmongTheWrites() throws Exception {
        Recorder recorder = new Recorder();
        try (StorageServer server = start(recorder);
                StorageClient client = StorageClient.connect(server.uri(), "g", "A");
                StorageSession session = client.openSession(1);
                NbdClient stranger = NbdClient.connect(server.uri("g", "disk"))) {
            session.cas(0, new OwnershipRecord(0, 1, "A", Mode.SOLO, "", 0));
            NbdClient disk = session.volume("disk");
            write(disk, 1, 9);
            CopyReads.in(6, () -> read(disk, 0, 3 * BLOCK));
            write(disk, 1, 8);
            read(disk, 0, 3 * BLOCK);
            CopyReads.in(6, () -> read(stranger, 0, 3 * BLOCK));
            CopyReads.in(0, () -> read(disk, BLOCK - 1, BLOCK + 2));
            assertThat(recorder.lines)
                    .filteredOn(line -> line.startsWith("read"))
                    .containsExactly("read 0+3 for 6: 0, 9, 0 after 1", "read 1+1 for 0: 8 after 2");
            recorder.lines.clear();
            List<Allocation> told = CopyReads.in(7, () -> disk.allocation(0, 4 * BLOCK));
            assertThat(recorder.lines).isEqualTo(zeroes(told));
            // Where the file system tells of holes, there are some: only block 1 was written.
            assertThat(recorder.lines.isEmpty()).isEqualTo(!disk.tellsAllocation());
        }
    }

    /** What is told of zeroes that were not read. */
    private static List<String> zeroes(List<Allocation> told) {
        List<String> lines = new ArrayList<>();
        long at = 0;
        for (Allocation part : told) {
            long count = part.length() / BLOCK;
            if (part.zero()) {
                String contents = String.join(", ", Collections.nCopies((int) count, "0"));
                lines.add("read " + at / BLOCK + "+" + count + " for 7: " + contents + " after 2");
            }
            at += part.length();
        }
        return lines;
    }

    private static int read(NbdClient disk, long offset, int length) throws IOException {
        disk.read(offset, ByteBuffer.allocate(length));
        return length;
    }

    @Test
    void whatAFencedHostTriesIsToldOfAndHasNoEffect() throws Exception {
        Recorder recorder = new Recorder();
        try (StorageServer server = start(recorder);
                StorageClient clientA = StorageClient.connect(server.uri(), "g", "A");
                StorageClient clientB = StorageClient.connect(server.uri(), "g", "B");
                StorageSession ofA = clientA.openSession(1);
                StorageSession ofB = clientB.openSession(2)) {
            ofA.cas(0, new OwnershipRecord(0, 1, "A", Mode.PROTECTED, "B", 0));
            NbdClient disk = ofA.volume("disk");
            write(disk, 0, 9);
            ofB.cas(1, new OwnershipRecord(0, 2, "B", Mode.ROLLBACK, "", 0));
            assertThatThrownBy(() -> write(disk, 1, 8)).isInstanceOf(IOException.class);
            assertThatThrownBy(disk::flush).isInstanceOf(IOException.class);
            // It lost a race, which is no reason to refuse it: it may still ask for the record.
            assertThat(ofA.cas(1, new OwnershipRecord(0, 1, "A", Mode.SOLO, "", 0))
                            .ok())
                    .isFalse();
            try (StorageSession later = clientA.openSession(1)) {
                assertThatThrownBy(() -> ofA.cas(2, new OwnershipRecord(0, 3, "A", Mode.SOLO, "", 0)))
                        .isInstanceOf(SessionEndedException.class);
                assertThat(later.record().owner()).isEqualTo("B");
            }
        }
        assertThat(recorder.writes).hasSize(1);
        assertThat(recorder.lines)
                .filteredOn(line -> line.startsWith("refused"))
                .containsExactly(
                        "refused WRITE of A in term 2 after 1",
                        "refused FLUSH of A in term 2 after 1",
                        "refused RECORD of A in term 2 after 1");
    }

    private static void writeConcurrently(NbdClient disk) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                int content = i;
                done.add(threads.submit(() -> {
                    write(disk, content % BLOCKS, content);
                    return content;
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        }
    }

    private static void write(NbdClient disk, int block, int content) throws IOException {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) content);
        disk.write((long) block * BLOCK, ByteBuffer.wrap(bytes), false);
    }
}
