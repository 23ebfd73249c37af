package dev.unwrite.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.checkpoint.CheckpointStore.Policy;
import dev.unwrite.checkpoint.CheckpointStore.Receiver;
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
        try (Receiver receiver = store.begin(term, epoch)) {
            int half = state.length / 2;
            receiver.write(ByteBuffer.wrap(state, 0, half));
            receiver.write(half, ByteBuffer.wrap(state, half, state.length - half));
            return receiver.commit(state.length, crc(state), "base " + epoch, Map.of("k", "v" + epoch));
        }
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
            assertThat(found.base()).isEqualTo("base 2");
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
            try (Receiver receiver = store.begin(4, 10)) {
                receiver.write(ByteBuffer.wrap(state(2, 5_000)));
                assertThatThrownBy(() -> receiver.write(4_000, ByteBuffer.allocate(1)))
                        .hasMessageContaining("4000");
                assertThatThrownBy(() -> receiver.commit(5_001, crc(state(2, 5_000))))
                        .hasMessageContaining("whole");
                assertThatThrownBy(() -> receiver.write(ByteBuffer.allocate(1))).hasMessageContaining("already");
            }
            try (Receiver receiver = store.begin(4, 10)) {
                receiver.write(ByteBuffer.wrap(state(2, 5_000)));
                assertThatThrownBy(() -> receiver.commit(5_000, 17)).hasMessageContaining("whole");
            }
            try (Receiver receiver = store.begin(4, 10)) {
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
            try (Receiver late = store.begin(1, 1)) {
                put(store, 1, 2, state(1, 10));
                assertThatThrownBy(() -> late.commit(0, 0)).hasMessageContaining("too late");
            }
            assertThatThrownBy(() -> store.begin(1, 2)).hasMessageContaining("too late");
            put(store, 2, 1, state(1, 10));
            assertThat(store.committed().orElseThrow().term()).isEqualTo(2);
        }
    }

    @Test
    void onlySoManyArriveAtOnce() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            Receiver first = store.begin(1, 1);
            for (int i = 1; i < CheckpointStore.MAX_RECEIVERS; i++) {
                store.begin(1, 1 + i);
            }
            assertThatThrownBy(() -> store.begin(1, 10)).hasMessageContaining("already");
            first.abort();
            store.begin(1, 10).write(ByteBuffer.allocate(100));
        }
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            assertThat(store.committed()).isEmpty();
            assertThat(folder.toFile().list()).containsExactly("checkpoint.lock");
        }
    }

    @Test
    void aStateThatIsReadStaysReadableWhileTheNextIsCommitted() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.MEMORY, LIMIT)) {
            put(store, 1, 1, state(1, 100_000));
            try (InputStream in = store.open()) {
                byte[] all = new byte[100_000];
                assertThat(in.readNBytes(all, 0, 10)).isEqualTo(10);
                put(store, 1, 2, state(2, 50));
                assertThat(in.readNBytes(all, 10, 99_990)).isEqualTo(99_990);
                assertThat(all).isEqualTo(state(1, 100_000));
                assertThat(in.read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void eachFlippedByteAndEachShorterFileIsNoticed() throws Exception {
        try (CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT)) {
            put(store, 1, 1, state(1, 500));
        }
        Path file = folder.resolve("committed.checkpoint");
        byte[] good = Files.readAllBytes(file);
        assertThat(good).hasSize(4096 + 500);
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
