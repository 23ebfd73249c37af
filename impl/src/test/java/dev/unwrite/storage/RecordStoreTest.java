package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordStoreTest {
    private static final OwnershipRecord CLAIMED = new OwnershipRecord(1, 1, "A", Mode.PROTECTED, "B", 7);

    @TempDir
    Path folder;

    @Test
    void remembersRecordsAndCountsStarts() throws IOException {
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            assertThat(store.boot()).isEqualTo(1);
            assertThat(store.read("g")).isEqualTo(OwnershipRecord.INITIAL);
            assertThat(store.compareAndSet("g", 3, CLAIMED)).isFalse();
            assertThat(store.compareAndSet("g", 0, CLAIMED)).isTrue();
            assertThat(store.nextBoot()).isEqualTo(2);
        }
        try (RecordStore store = RecordStore.open(folder, List.of("g", "h"))) {
            assertThat(store.boot()).isEqualTo(3);
            assertThat(store.read("g")).isEqualTo(CLAIMED);
            assertThat(store.read("h")).isEqualTo(OwnershipRecord.INITIAL);
        }
    }

    @Test
    void aStoppedStoreWritesNothing() throws IOException {
        RecordStore store = RecordStore.open(folder, List.of("g"));
        store.close();
        assertThatThrownBy(store::nextBoot).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> store.compareAndSet("g", 0, CLAIMED)).isInstanceOf(IOException.class);
        try (RecordStore again = RecordStore.open(folder, List.of("g"))) {
            assertThat(again.boot()).isEqualTo(2);
            assertThat(again.read("g")).isEqualTo(OwnershipRecord.INITIAL);
        }
    }

    @Test
    void oneStorageAtATime() throws IOException {
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            assertThat(store.boot()).isEqualTo(1);
            assertThatThrownBy(() -> RecordStore.open(folder, List.of("g")))
                    .isInstanceOf(StorageSetupException.class)
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void refusesEveryDamagedByteOfARecord() throws IOException {
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            store.compareAndSet("g", 0, CLAIMED);
        }
        for (String name : List.of("group-g.json", "boot.json")) {
            Path file = folder.resolve(name);
            byte[] whole = Files.readAllBytes(file);
            for (int i = 0; i < whole.length; i++) {
                byte[] flipped = whole.clone();
                flipped[i] ^= 0x01;
                Files.write(file, flipped);
                assertRefused(file);
                Files.write(file, java.util.Arrays.copyOf(whole, i));
                assertRefused(file);
            }
            Files.write(file, whole);
        }
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            assertThat(store.read("g")).isEqualTo(CLAIMED);
        }
    }

    @Test
    void refusesAMissingRecordOfAKnownGroup() throws IOException {
        RecordStore.open(folder, List.of("g")).close();
        Files.delete(folder.resolve("group-g.json"));
        assertRefused(folder.resolve("group-g.json"));
    }

    @Test
    void refusesRecordsWithoutBootNumber() throws IOException {
        RecordStore.open(folder, List.of("g")).close();
        Files.delete(folder.resolve("boot.json"));
        assertRefused(folder.resolve("boot.json"));
    }

    @Test
    void refusesTheRecordOfAnotherGroup() throws IOException {
        RecordStore.open(folder, List.of("g", "h")).close();
        Files.copy(
                folder.resolve("group-h.json"),
                folder.resolve("group-g.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertRefused(folder.resolve("group-g.json"));
    }

    @Test
    void aHalfWrittenNewRecordIsNotTheRecord() throws IOException {
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            store.compareAndSet("g", 0, CLAIMED);
        }
        Files.writeString(folder.resolve("group-g.json.tmp"), "{\"group\":\"g\",\"rec");
        try (RecordStore store = RecordStore.open(folder, List.of("g"))) {
            assertThat(store.read("g")).isEqualTo(CLAIMED);
        }
    }

    private void assertRefused(Path file) {
        assertThatThrownBy(() -> RecordStore.open(folder, List.of("g")))
                .isInstanceOf(StorageSetupException.class)
                .hasMessageContaining(file.toString())
                .message()
                .doesNotContain("\n");
    }
}
