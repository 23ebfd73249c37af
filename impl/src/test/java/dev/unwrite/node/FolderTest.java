package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.checkpoint.StoredCheckpoint;
import dev.unwrite.storage.ForeignStorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder knows whose it is, over restarts, and nobody else gets what is in it. */
class FolderTest {
    @TempDir
    Path dir = Path.of("unset");

    private Path data() {
        return dir.resolve("data");
    }

    private Folder open(String group, String name) throws IOException {
        return Folder.open(data(), group, name);
    }

    private static StoredCheckpoint checkpoint(Map<String, String> meta) {
        return new StoredCheckpoint(1, 2, 0, 0, 0, 0, meta);
    }

    @Test
    void anIdIsMadeOnceAndKept() throws IOException {
        String id;
        try (Folder first = open("vm1", "A")) {
            id = first.id();
            first.belongsTo("storage-1");
            first.undoIs("log-1");
        }
        try (Folder again = open("vm1", "A")) {
            assertThat(again.id()).isEqualTo(id).hasSize(36);
            assertThat(again.storage()).isEqualTo("storage-1");
            assertThat(again.isUndoAnother("log-1", null)).isFalse();
            assertThat(again.isUndoAnother("log-2", null)).isTrue();
        }
    }

    @Test
    void ofAnotherNodeItIsRefused() throws IOException {
        open("vm1", "A").close();
        assertThatThrownBy(() -> open("vm1", "B"))
                .hasMessageContaining("belongs to node A of group vm1, not to node B of group vm1");
        assertThatThrownBy(() -> open("vm2", "A")).hasMessageContaining("not to node A of group vm2");
    }

    @Test
    void ofAnotherStorageItIsRefused() throws IOException {
        try (Folder folder = open("vm1", "A")) {
            folder.belongsTo("storage-1");
            folder.belongsTo("storage-1");
            assertThatThrownBy(() -> folder.belongsTo("storage-2"))
                    .isInstanceOf(ForeignStorageException.class)
                    .hasMessageContaining("storage-1")
                    .hasMessageContaining("--data");
            assertThat(folder.storage()).isEqualTo("storage-1");
        }
    }

    @Test
    void oneProcessHasIt() throws IOException {
        try (Folder held = open("vm1", "A")) {
            assertThat(held.id()).isNotEmpty();
            assertThatThrownBy(() -> open("vm1", "A")).hasMessageContaining("in use by another node");
        }
    }

    @Test
    void copiesOfNobodyAreRefusedAndSoIsADamagedFile() throws IOException {
        Files.createDirectories(data().resolve("undo"));
        assertThatThrownBy(() -> open("vm1", "A")).hasMessageContaining("has undo but no node.json");
        Files.delete(data().resolve("undo"));
        open("vm1", "A").close();
        Files.writeString(data().resolve("node.json"), "{\"folder\":");
        assertThatThrownBy(() -> open("vm1", "A")).hasMessageContaining("is damaged");
    }

    @Test
    void aCheckpointWithoutItsUndoLogIsRefused() throws IOException {
        try (Folder folder = open("vm1", "A")) {
            folder.undoIs("log-1");
            StoredCheckpoint own = checkpoint(folder.checkpointMeta());
            assertThatThrownBy(() -> folder.requireUndoOf(own)).hasMessageContaining("is gone");
            Files.createDirectories(data().resolve("undo"));
            Files.writeString(data().resolve("undo/undo.log"), "there");
            folder.requireUndoOf(own);
            folder.requireUndoOf(null);
            assertThat(folder.isUndoAnother("log-1", own)).isFalse();
            assertThatThrownBy(() -> folder.isUndoAnother("log-2", own)).hasMessageContaining("is another one now");
            StoredCheckpoint foreign = checkpoint(Map.of("folder", "another", "undo", "log-1"));
            assertThatThrownBy(() -> folder.requireUndoOf(foreign)).hasMessageContaining("another data folder");
        }
    }
}
