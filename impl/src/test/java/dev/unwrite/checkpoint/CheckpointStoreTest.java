package dev.unwrite.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.checkpoint.CheckpointStore.Policy;
import dev.unwrite.checkpoint.CheckpointStore.Receiver;
import dev.unwrite.image.PieceStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store on real files. */
class CheckpointStoreTest {
    private static final long LIMIT = 10 << 20;

    @TempDir
    Path folder;

    static byte[] state(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static long crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue();
    }

    static StoredCheckpoint put(CheckpointStore store, long term, long epoch, byte[] state) throws IOException {
        return put(store, term, epoch, 0, pieces(state));
    }

    static StoredCheckpoint put(CheckpointStore store, long term, long epoch, long base, byte[] pieces)
            throws IOException {
        try (Receiver receiver = store.begin(term, epoch, base)) {
            int half = pieces.length / 2;
            receiver.write(ByteBuffer.wrap(pieces, 0, half));
            receiver.write(half, ByteBuffer.wrap(pieces, half, pieces.length - half));
            return receiver.commit(pieces.length, crc(pieces), Map.of("k", "v" + epoch));
        }
    }

    /** All of a state. */
    static byte[] pieces(byte[] state) throws IOException {
        return PieceStream.flat(new ByteArrayInputStream(state)).readAllBytes();
    }

    /** The pages in which a state differs from another. */
    static byte[] delta(byte[] state, byte[] base, int pageBytes) {
        ByteArrayOutputStream pieces = new ByteArrayOutputStream();
        for (int at = 0; at < state.length; at += pageBytes) {
            int end = Math.min(at + pageBytes, state.length);
            byte[] page = Arrays.copyOfRange(state, at, end);
            if (end > base.length || !Arrays.equals(page, Arrays.copyOfRange(base, at, end))) {
                piece(pieces, at, page);
            }
        }
        piece(pieces, state.length, new byte[0]);
        return pieces.toByteArray();
    }

    private static void piece(ByteArrayOutputStream pieces, long offset, byte[] bytes) {
        pieces.writeBytes(ByteBuffer.allocate(PieceStream.HEAD_BYTES)
                .putLong(offset)
                .putInt(bytes.length)
                .array());
        pieces.writeBytes(bytes);
    }

    private static byte[] read(CheckpointStore store) throws IOException {
        try (InputStream in = store.open()) {
            return in.readAllBytes();
        }
    }

    @Test
    void theLastCommittedStateIsThereAlsoAfterReopening() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            assertThat(store.committed()).isEmpty();
            assertThatThrownBy(store::open).hasMessageContaining("no checkpoint");
            put(store, 1, 1, state(1, 100_000));
            StoredCheckpoint second = put(store, 1, 2, state(2, 3_000_000));
            assertThat(store.committed()).contains(second);
            assertThat(read(store)).isEqualTo(state(2, 3_000_000));
        }
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            StoredCheckpoint found = store.committed().orElseThrow();
            assertThat(found.term()).isEqualTo(1);
            assertThat(found.epoch()).isEqualTo(2);
            assertThat(found.base()).isZero();
            assertThat(found.imageBytes()).isEqualTo(3_000_000);
            assertThat(found.meta()).isEqualTo(Map.of("k", "v2"));
            assertThat(read(store)).isEqualTo(state(2, 3_000_000));
            store.discard();
            assertThat(store.committed()).isEmpty();
            put(store, 1, 1, state(3, 0));
            assertThat(read(store)).isEmpty();
        }
    }

    @Test
    void whatDoesNotArriveWholeIsNotCommitted() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            byte[] old = state(1, 10_000);
            StoredCheckpoint first = put(store, 4, 9, old);
            try (Receiver receiver = store.begin(4, 10, 0)) {
                byte[] pieces = pieces(state(2, 5_000));
                receiver.write(ByteBuffer.wrap(pieces, 0, 5_000));
                assertThatThrownBy(() -> receiver.write(4_000, ByteBuffer.allocate(1)))
                        .hasMessageContaining("4000");
                assertThatThrownBy(() -> receiver.commit(5_001, crc(pieces))).hasMessageContaining("whole");
                assertThatThrownBy(() -> receiver.write(ByteBuffer.allocate(1))).hasMessageContaining("already");
            }
            try (Receiver receiver = store.begin(4, 10, 0)) {
                receiver.write(ByteBuffer.wrap(pieces(state(2, 5_000))));
                assertThatThrownBy(() -> receiver.commit(receiver.received(), 17))
                        .hasMessageContaining("whole");
            }
            byte[] withoutEnd = Arrays.copyOf(pieces(state(2, 5_000)), PieceStream.HEAD_BYTES + 5_000);
            assertThatThrownBy(() -> put(store, 4, 10, 0, withoutEnd)).hasMessageContaining("whole");
            try (Receiver receiver = store.begin(4, 10, 0)) {
                assertThatThrownBy(() -> receiver.write(ByteBuffer.allocate((int) LIMIT + 1)))
                        .hasMessageContaining("larger");
                receiver.abort();
            }
            assertThat(store.committed()).contains(first);
            assertThat(read(store)).isEqualTo(old);
            assertThat(folder.toFile().list()).containsExactlyInAnyOrder("checkpoint.lock", "committed.checkpoint");
        }
    }

    @Test
    void anOlderCheckpointNeverReplacesANewerOne() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            try (Receiver late = store.begin(1, 1, 0)) {
                put(store, 1, 2, state(1, 10));
                byte[] nothing = pieces(new byte[0]);
                late.write(ByteBuffer.wrap(nothing));
                assertThatThrownBy(() -> late.commit(nothing.length, crc(nothing)))
                        .hasMessageContaining("too late");
            }
            assertThatThrownBy(() -> store.begin(1, 2, 0)).hasMessageContaining("too late");
            put(store, 2, 1, state(1, 10));
            assertThat(store.committed().orElseThrow().term()).isEqualTo(2);
        }
    }

    @Test
    void onlySoManyArriveAtOnce() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            Receiver first = store.begin(1, 1, 0);
            for (int i = 1; i < CheckpointStore.MAX_RECEIVERS; i++) {
                store.begin(1, 1 + i, 0);
            }
            assertThatThrownBy(() -> store.begin(1, 10, 0)).hasMessageContaining("already");
            first.abort();
            store.begin(1, 10, 0).write(ByteBuffer.wrap(pieces(state(1, 100))));
        }
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            assertThat(store.committed()).isEmpty();
            assertThat(folder.toFile().list()).containsExactly("checkpoint.lock");
        }
    }

    @Test
    void eachFlippedByteAndEachShorterFileIsNoticed() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            put(store, 1, 1, state(1, 500));
        }
        Path file = folder.resolve("committed.checkpoint");
        byte[] good = Files.readAllBytes(file);
        assertThat(good).hasSize(4096 + 2 * PieceStream.HEAD_BYTES + 500);
        for (int at = 0; at < good.length; at += at < 160 || at > 4000 ? 1 : 61) {
            byte[] bad = good.clone();
            bad[at] ^= 0x20;
            Files.write(file, bad, StandardOpenOption.TRUNCATE_EXISTING);
            assertThatThrownBy(() ->
                            CheckpointStore.open(folder, Policy.MEMORY, LIMIT).close())
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(file.toString());
        }
        for (int length = 0; length < good.length; length += 97) {
            Files.write(file, Arrays.copyOf(good, length), StandardOpenOption.TRUNCATE_EXISTING);
            assertThatThrownBy(() ->
                            CheckpointStore.open(folder, Policy.MEMORY, LIMIT).close())
                    .isInstanceOf(CorruptCheckpointException.class);
        }
        Files.write(file, good, StandardOpenOption.TRUNCATE_EXISTING);
        CheckpointStore.open(folder, Policy.MEMORY, LIMIT).close();
    }

    /** Deltas of all kinds, also some that make the state longer or shorter, and pages that become zeroes. */
    @Test
    void aDeltaIsReadTogetherWithWhatItIsOn() throws Exception {
        byte[] first = state(1, 100_000);
        byte[] second = first.clone();
        second[5_000]++;
        Arrays.fill(second, 8_192, 20_480, (byte) 0);
        byte[] longer = Arrays.copyOf(second, 120_001);
        longer[120_000] = 7;
        byte[] shorter = Arrays.copyOf(longer, 30_003);
        byte[] longAgain = Arrays.copyOf(shorter, 90_000);
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            put(store, 1, 1, first);
            byte[] before = first;
            int epoch = 1;
            for (byte[] next : new byte[][] {second, second, longer, shorter, longAgain, first}) {
                epoch++;
                StoredCheckpoint delta = put(store, 1, epoch, epoch - 1, delta(next, before, 4096));
                assertThat(delta.imageBytes()).isEqualTo(next.length);
                if (epoch % 2 == 0) {
                    store.applyDelta();
                }
                assertThat(read(store)).isEqualTo(next);
                before = next;
            }
        }
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            assertThat(read(store)).isEqualTo(first);
            put(store, 1, 8, second);
            assertThat(read(store)).isEqualTo(second);
            store.discard();
            assertThat(folder.toFile().list()).containsExactly("checkpoint.lock");
        }
    }

    @Test
    void DeltaOnItsBase_noDeltaIsCommittedOverAnotherCheckpoint() throws Exception {
        byte[] state = state(1, 50_000);
        byte[] other = state(2, 50_000);
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            byte[] delta = delta(other, state, 4096);
            assertThatThrownBy(() -> put(store, 1, 3, 2, delta)).hasMessageContaining("a delta on 2");
            put(store, 1, 1, state);
            assertThatThrownBy(() -> put(store, 1, 3, 2, delta)).hasMessageContaining("a delta on 2");
            assertThatThrownBy(() -> put(store, 2, 2, 1, delta))
                    .as("of another term")
                    .hasMessageContaining("a delta on 1");
            assertThat(read(store)).isEqualTo(state);
            put(store, 1, 2, 1, delta);
            assertThat(read(store)).isEqualTo(other);
        }
    }

    @Test
    void damageOfTheImageIsNoticed() throws Exception {
        byte[] state = state(1, 50_000);
        byte[] next = state.clone();
        next[30_000]++;
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            put(store, 1, 1, state);
            put(store, 1, 2, 1, delta(next, state, 4096));
            store.applyDelta();
        }
        for (String name : new String[] {"image", "image.sums"}) {
            Path file = folder.resolve(name);
            byte[] good = Files.readAllBytes(file);
            byte[] bad = good.clone();
            bad[3]++;
            Files.write(file, bad);
            refuses("page 0 does not match its checksum");
            Files.write(file, Arrays.copyOf(good, 3));
            refuses("");
            Files.delete(file);
            refuses("is missing");
            Files.write(file, good);
        }
        CheckpointStore.open(folder, Policy.MEMORY, LIMIT).close();
    }

    private void refuses(String why) {
        assertThatThrownBy(
                        () -> CheckpointStore.open(folder, Policy.MEMORY, LIMIT).close())
                .isInstanceOf(CorruptCheckpointException.class)
                .hasMessageContaining(folder.resolve("image").toString())
                .hasMessageContaining(why);
    }

    @Test
    void damageThatComesWhileItIsOpenIsNoticedAtTheEndOfReading() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            put(store, 1, 1, state(1, 500));
            Path file = folder.resolve("committed.checkpoint");
            byte[] bad = Files.readAllBytes(file);
            bad[4096 + 77]++;
            Files.write(file, bad);
            assertThatThrownBy(() -> read(store)).isInstanceOf(CorruptCheckpointException.class);
        }
    }

    @Test
    void twoCannotHaveTheSameStore() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            assertThat(store.committed()).isEmpty();
            assertThatThrownBy(() -> CheckpointStore.open(folder, Policy.DURABLE, LIMIT))
                    .hasMessageContaining("in use");
        }
    }
}
