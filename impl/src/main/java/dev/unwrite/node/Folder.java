package dev.unwrite.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.checkpoint.StoredCheckpoint;
import dev.unwrite.files.PrivateFiles;
import dev.unwrite.storage.ForeignStorageException;
import dev.unwrite.store.DataFolder;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The data folder of a node, and whose it is (rule OneLife). It has an id, made with it; it belongs to one group, one name
 * and, from the first contact on, one storage; and it remembers which undo log is in it. What was stored for another is
 * never taken for one's own: copies and checkpoints of another life would be written over a disk that they know nothing of.
 *
 * <p>All of that is in the file {@code node.json}. One process at a time has the folder.
 */
final class Folder implements DataFolder, Closeable {
    private static final String FILE = "node.json";
    /** In the checkpoint, the names of the ids of the folder and of the undo log that go with it. */
    private static final String META_FOLDER = "folder";

    private static final String META_UNDO = "undo";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path path;
    private final String group;
    private final String name;
    private final FileChannel lock;
    private String id = "";
    private volatile String storage = "";
    private volatile String undo = "";

    private Folder(Path path, String group, String name, FileChannel lock) {
        this.path = path;
        this.group = group;
        this.name = name;
        this.lock = lock;
    }

    /**
     * Opens the folder, or makes one; on return its id is durable. Throws with one line if it is in use, or another node's,
     * or damaged.
     */
    static Folder open(Path path, String group, String name) throws IOException {
        PrivateFiles.createFolder(path);
        Folder folder = new Folder(path, group, name, lock(path));
        try {
            folder.load();
            return folder;
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        FileChannel channel =
                PrivateFiles.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock held = null;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Another node of this process has it: the same as any other holder.
        }
        if (held == null) {
            channel.close();
            throw new IOException(
                    "the data folder " + path + " is in use by another node; give each node its own --data");
        }
        return channel;
    }

    private void load() throws IOException {
        Path file = path.resolve(FILE);
        if (!Files.exists(file)) {
            for (String stray : new String[] {"undo", "checkpoint", "host"}) {
                if (Files.exists(path.resolve(stray))) {
                    throw new IOException(
                            "the data folder " + path + " has " + stray + " but no " + FILE
                                    + ", so nobody can tell whose it is: put back the whole folder, or start with an empty --data");
                }
            }
            id = UUID.randomUUID().toString();
            save();
            return;
        }
        JsonNode found;
        try {
            found = JSON.readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw new IOException(
                    file + " is damaged (" + e.getOriginalMessage()
                            + "): put back the whole folder, or start with an empty" + " --data",
                    e);
        }
        id = text(found, "folder");
        storage = text(found, "storage");
        undo = text(found, "undo");
        String owner = "node " + text(found, "name") + " of group " + text(found, "group");
        String own = "node " + name + " of group " + group;
        if (id.isEmpty() || !owner.equals(own)) {
            throw new IOException("the data folder " + path + " belongs to " + owner + ", not to " + own
                    + "; give each node its own --data");
        }
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asText("");
    }

    private synchronized void save() throws IOException {
        ObjectNode node = JSON.createObjectNode()
                .put("folder", id)
                .put("group", group)
                .put("name", name)
                .put("storage", storage)
                .put("undo", undo);
        byte[] line = (node + "\n").getBytes(StandardCharsets.UTF_8);
        PrivateFiles.replace(path.resolve(FILE), new ByteArrayInputStream(line));
    }

    /** This folder's id, for ever. */
    String id() {
        return id;
    }

    /** The id of the storage that it belongs to; empty until {@link #belongsTo}. */
    String storage() {
        return storage;
    }

    /** The storage that answered; durable on return. Throws if the folder belongs to another. */
    @Override
    public void belongsTo(String answered) throws IOException {
        if (storage.equals(answered)) {
            return;
        }
        if (!storage.isEmpty()) {
            throw new ForeignStorageException("the data folder " + path + " belongs to storage " + storage
                    + ", and the one that answers is " + answered
                    + ": check --storage; if that storage has begun anew, start with an empty --data");
        }
        storage = answered;
        save();
    }

    /**
     * Before the undo log is opened, which would make a new one: throws with one line if a checkpoint is here whose undo log
     * is not. Without its copies the disk cannot be put back to it.
     */
    void requireUndoOf(@Nullable StoredCheckpoint checkpoint) throws IOException {
        if (checkpoint == null) {
            return;
        }
        if (!id.equals(checkpoint.meta().get(META_FOLDER))) {
            throw new IOException(
                    "the checkpoint in " + path.resolve("checkpoint") + " belongs to another data folder: "
                            + "put back this node's own, or start with an empty --data and --replace");
        }
        if (!Files.exists(path.resolve("undo").resolve("undo.log"))) {
            throw undoGone("is gone");
        }
    }

    /** As above, when the log was opened. Without a checkpoint, true says that the log is not the one that was here before. */
    boolean isUndoAnother(String found, @Nullable StoredCheckpoint checkpoint) throws IOException {
        if (checkpoint != null && !found.equals(checkpoint.meta().get(META_UNDO))) {
            throw undoGone("is another one now");
        }
        return !found.equals(undo);
    }

    private IOException undoGone(String what) {
        return new IOException("the undo log in " + path.resolve("undo") + " that goes with the checkpoint " + what
                + ", and without it the disk cannot be put back: put it back (is its disk mounted?); if it is lost for good,"
                + " start with an empty --data and --replace");
    }

    /** The undo log that is here from now on; durable on return. */
    void undoIs(String found) throws IOException {
        if (!undo.equals(found)) {
            undo = found;
            save();
        }
    }

    /** What a checkpoint that is committed here carries, so that it is known again. */
    @Override
    public Map<String, String> checkpointMeta() {
        return Map.of(META_FOLDER, id, META_UNDO, undo, "storage", storage);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
