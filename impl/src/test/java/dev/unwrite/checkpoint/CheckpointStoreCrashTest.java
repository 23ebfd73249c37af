package dev.unwrite.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.checkpoint.CheckpointStore.Policy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Stops a store in each of its operations, by the end of the process or a loss of power: the old state or the new. */
class CheckpointStoreCrashTest {
    private static final byte[] OLD = CheckpointStoreTest.state(1, 6_000);
    private static final byte[] NEW = CheckpointStoreTest.state(2, 9_000);
    private static final long LIMIT = 1 << 20;
    private static final int PAGE = 512;

    @Property(tries = 400)
    void aCrashAtAnyPointLeavesTheOldStateOrTheNewOne(
            @ForAll @IntRange(min = 1, max = 12) int stopAt, @ForAll boolean powerLoss, @ForAll long survivors)
            throws Exception {
        Folder folder = new Folder();
        CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT, PAGE);
        CheckpointStoreTest.put(store, 1, 1, OLD);
        folder.stopAt = folder.operations + stopAt;
        boolean done = commitNew(store);
        Random coin = new Random(survivors);
        Folder next = powerLoss ? folder.afterPowerLoss(coin::nextBoolean) : folder.afterKill();
        CheckpointStore reopened = CheckpointStore.open(next, Policy.DURABLE, LIMIT, PAGE);
        StoredCheckpoint found = reopened.committed().orElseThrow();
        assertThat(found.epoch()).isBetween(done ? 2L : 1L, 2L);
        try (InputStream in = reopened.open()) {
            assertThat(in.readAllBytes()).isEqualTo(found.epoch() == 1 ? OLD : NEW);
        }
        assertThat(next.names()).containsExactly("committed.checkpoint");
        next.afterPowerLoss(() -> false).requireSame(next);
    }

    /** Stops it anywhere in a chain of deltas, several times; what is found goes on with the next delta. */
    @Property(tries = 400)
    void aChainOfDeltasSurvivesCrashes(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        List<byte[]> states = new ArrayList<>(List.of(new byte[0], OLD));
        Folder folder = new Folder();
        CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT, PAGE);
        CheckpointStoreTest.put(store, 1, 1, OLD);
        int committed = 1;
        for (int round = 0; round < 4; round++) {
            folder.stopAt = folder.operations + 1 + random.nextInt(60);
            int tried = committed;
            try {
                while (true) {
                    byte[] next = changed(states.get(tried), random);
                    states.subList(tried + 1, states.size()).clear();
                    states.add(next);
                    tried++;
                    boolean whole = random.nextInt(5) == 0;
                    byte[] pieces = whole
                            ? CheckpointStoreTest.pieces(next)
                            : CheckpointStoreTest.delta(next, states.get(tried - 1), PAGE);
                    CheckpointStoreTest.put(store, 1, tried, whole ? 0 : tried - 1, pieces);
                    committed = tried;
                    if (random.nextBoolean()) {
                        store.applyDelta();
                    }
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("stopped");
            }
            folder = random.nextBoolean() ? folder.afterPowerLoss(random::nextBoolean) : folder.afterKill();
            store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT, PAGE);
            int found = (int) store.committed().orElseThrow().epoch();
            assertThat(found).isBetween(committed, tried);
            try (InputStream in = store.open()) {
                assertThat(in.readAllBytes()).isEqualTo(states.get(found));
            }
            committed = found;
        }
    }

    private static byte[] changed(byte[] state, Random random) {
        byte[] next = Arrays.copyOf(state, random.nextInt(4) == 0 ? 1 + random.nextInt(9_000) : state.length);
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(next.length);
            Arrays.fill(next, at, Math.min(next.length, at + 1 + random.nextInt(700)), (byte) random.nextInt(3));
        }
        return next;
    }

    private static boolean commitNew(CheckpointStore store) {
        try {
            CheckpointStoreTest.put(store, 1, 2, NEW);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Example
    void aFullDiskKeepsTheOldStateAndTheStoreGoesOn() throws Exception {
        Folder folder = new Folder();
        CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT, PAGE);
        CheckpointStoreTest.put(store, 1, 1, OLD);
        folder.room = 5_000;
        assertThatThrownBy(() -> CheckpointStoreTest.put(store, 1, 2, NEW)).hasMessageContaining("No space left");
        assertThat(store.committed().orElseThrow().epoch()).isEqualTo(1);
        assertThat(folder.names()).containsExactly("committed.checkpoint");
        folder.room = Long.MAX_VALUE;
        CheckpointStoreTest.put(store, 1, 2, NEW);
        assertThat(store.committed().orElseThrow().epoch()).isEqualTo(2);
    }

    @Example
    void afterAFailedLastSyncNothingMoreIsTakenUntilItIsSettled() throws Exception {
        Folder folder = new Folder();
        CheckpointStore store = CheckpointStore.open(folder, Policy.DURABLE, LIMIT, PAGE);
        CheckpointStoreTest.put(store, 1, 1, OLD);
        folder.folderSyncFails = true;
        assertThatThrownBy(() -> CheckpointStoreTest.put(store, 1, 2, NEW)).hasMessageContaining("Input/output");
        assertThatThrownBy(store::settle).hasMessageContaining("Input/output");
        folder.folderSyncFails = false;
        assertThatThrownBy(() -> store.begin(1, 3, 0)).hasMessageContaining("start again");
        store.settle();
        assertThat(store.committed().orElseThrow().epoch()).isEqualTo(2);
        CheckpointStore after = CheckpointStore.open(folder.afterPowerLoss(() -> false), Policy.DURABLE, LIMIT, PAGE);
        assertThat(after.committed().orElseThrow().epoch()).as("durably").isEqualTo(2);
        CheckpointStoreTest.put(store, 1, 3, OLD);
        assertThat(store.committed().orElseThrow().epoch()).isEqualTo(3);
    }

    /** A folder in memory; names and contents that were not synced may be lost. */
    private static final class Folder implements CheckpointFiles {
        private final Map<String, Content> names = new TreeMap<>();
        private final List<Change> changes = new ArrayList<>();
        private final Map<String, Content> durableNames = new TreeMap<>();
        private int operations;
        private int stopAt = Integer.MAX_VALUE;
        private long room = Long.MAX_VALUE;
        private boolean folderSyncFails;

        private interface Change {
            void apply(Map<String, Content> names);
        }

        private static final class Content {
            private byte[] current = new byte[0];
            private byte[] durable = new byte[0];

            /** Of what was not synced, any pages may be there; the size may be the old one or the new one. */
            Content survivor(BooleanSupplier coin) {
                Content content = new Content();
                byte[] bytes = Arrays.copyOf(durable, coin.getAsBoolean() ? current.length : durable.length);
                for (int at = 0; at < Math.min(bytes.length, current.length); at += 512) {
                    if (coin.getAsBoolean()) {
                        System.arraycopy(
                                current, at, bytes, at, Math.min(512, Math.min(bytes.length, current.length) - at));
                    }
                }
                content.current = bytes;
                content.durable = bytes.clone();
                return content;
            }
        }

        Folder afterKill() {
            Folder next = new Folder();
            names.forEach((name, content) -> next.names.put(name, content));
            next.durableNames.putAll(durableNames);
            next.changes.addAll(changes);
            return next;
        }

        /** A journal: a first part of the changes of names is there. */
        Folder afterPowerLoss(BooleanSupplier coin) {
            Map<String, Content> found = new TreeMap<>(durableNames);
            for (Change change : changes) {
                if (!coin.getAsBoolean()) {
                    break;
                }
                change.apply(found);
            }
            Folder next = new Folder();
            found.forEach((name, content) -> next.names.put(name, content.survivor(coin)));
            next.durableNames.putAll(next.names);
            return next;
        }

        void requireSame(Folder other) {
            assertThat(names.keySet()).isEqualTo(other.names.keySet());
            names.forEach((name, content) -> assertThat(content.current).isEqualTo(other.content(name).current));
        }

        private Content content(String name) {
            Content content = names.get(name);
            if (content == null) {
                throw new IllegalStateException(name);
            }
            return content;
        }

        private void operation() throws IOException {
            if (++operations >= stopAt) {
                throw new IOException("stopped");
            }
        }

        private void change(Change change) {
            changes.add(change);
            change.apply(names);
        }

        @Override
        public List<String> names() {
            return List.copyOf(names.keySet());
        }

        @Override
        public StateFile create(String name) throws IOException {
            operation();
            Content content = new Content();
            change(map -> map.put(name, content));
            return new MemoryFile(content);
        }

        @Override
        public StateFile open(String name) {
            return new MemoryFile(content(name));
        }

        @Override
        public StateFile openToWrite(String name) {
            return open(name);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            operation();
            Content content = content(from);
            change(map -> {
                map.remove(from);
                map.put(to, content);
            });
        }

        @Override
        public void delete(String name) throws IOException {
            operation();
            change(map -> map.remove(name));
        }

        @Override
        public void syncFolder() throws IOException {
            operation();
            if (folderSyncFails) {
                throw new IOException("Input/output error");
            }
            durableNames.clear();
            durableNames.putAll(names);
            changes.clear();
        }

        @Override
        public String describe(String name) {
            return "/memory/" + name;
        }

        @Override
        public void close() {}

        private final class MemoryFile implements StateFile {
            private final Content content;

            MemoryFile(Content content) {
                this.content = content;
            }

            @Override
            public long size() {
                return content.current.length;
            }

            @Override
            public int read(long offset, ByteBuffer target) {
                int count = (int) Math.min(target.remaining(), content.current.length - offset);
                if (count <= 0) {
                    return -1;
                }
                target.put(content.current, (int) offset, count);
                return count;
            }

            @Override
            public void write(long offset, ByteBuffer source) throws IOException {
                operation();
                int end = (int) offset + source.remaining();
                if (end > room) {
                    throw new IOException("No space left on device");
                }
                content.current = Arrays.copyOf(content.current, Math.max(content.current.length, end));
                source.get(content.current, (int) offset, source.remaining());
            }

            @Override
            public void setSize(long bytes) throws IOException {
                operation();
                content.current = Arrays.copyOf(content.current, (int) bytes);
            }

            @Override
            public void sync() throws IOException {
                operation();
                content.durable = content.current.clone();
            }

            @Override
            public void close() {}
        }
    }
}
