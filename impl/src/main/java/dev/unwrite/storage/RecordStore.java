package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.files.PrivateFiles;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one storage remembers, durable in a folder that nobody else uses: its id, its boot number, and for each group the
 * ownership record, whose the names of the hosts are, and the volumes.
 *
 * <p>Files: {@code lock}; {@code boot.json}, the id, the boot number and every group that was ever served; and for each
 * of them {@code group-NAME.json}. Nothing is ever invented: a group that is known and whose file is missing, or damaged,
 * stops the start, for a term that is forgotten would let a fenced host write again.
 */
public final class RecordStore implements Closeable {
    private final Path folder;
    private final FileChannel lockChannel;
    /** The folders that were not there before, the deepest first. */
    private final List<Path> created;

    private final Map<String, GroupMemory> memories = new HashMap<>();
    private final SortedSet<String> known = new TreeSet<>();
    private String id = "";
    private long boot;
    private boolean closed;

    private RecordStore(Path folder, FileChannel lockChannel, List<Path> created) {
        this.folder = folder;
        this.lockChannel = lockChannel;
        this.created = created;
    }

    /** {@link #read(Path)}, then {@link #begin}. */
    public static RecordStore open(Path folder, Collection<String> groups) throws IOException {
        RecordStore store = read(folder);
        try {
            store.begin(groups);
            return store;
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** Creates the folder if it is absent, locks it and reads what is in it. Nothing counts before {@link #begin}. */
    static RecordStore read(Path folder) throws IOException {
        List<Path> created = PrivateFiles.createFolders(folder);
        RecordStore store = new RecordStore(folder, lock(folder), created);
        try {
            store.load();
            return store;
        } catch (IOException | RuntimeException e) {
            store.undo();
            throw e;
        }
    }

    /**
     * Begins to serve these groups: counts the boot number up, gives the storage its id if it has none, and remembers new
     * groups, which begin with {@link OwnershipRecord#INITIAL}. On return all of that is durable.
     */
    void begin(Collection<String> groups) throws IOException {
        if (id.isEmpty()) {
            id = UUID.randomUUID().toString();
        }
        nextBoot();
        for (String group : new TreeSet<>(groups)) {
            if (!known.contains(group)) {
                write(group, memory(group));
            }
        }
        if (known.addAll(groups)) {
            writeBoot();
        }
    }

    /** Gives the folder free after a start that came to nothing; a folder that was created for it is gone. */
    void undo() throws IOException {
        close();
        if (boot > 0 || created.isEmpty()) {
            return;
        }
        Files.deleteIfExists(folder.resolve("lock"));
        for (Path each : created) {
            Files.deleteIfExists(each);
        }
    }

    /** This storage's id, made with its folder (rule OneLife): terms, sessions and boot numbers mean nothing without it. */
    public synchronized String id() {
        return id;
    }

    /** The groups that were ever served. */
    synchronized List<String> groups() {
        return List.copyOf(known);
    }

    /** What is known of a group; of one that was never served, nothing. */
    synchronized GroupMemory memory(String group) throws IOException {
        GroupMemory memory = memories.get(Names.check("group", group));
        if (memory != null) {
            return memory;
        }
        // A start that was cut short leaves a group's file behind before the group is known.
        Path file = groupFile(group);
        return Files.exists(file) ? readGroup(file, group) : GroupMemory.EMPTY;
    }

    /** Remembers the volumes of a group, in the order of their ids; durable on return. */
    synchronized void rememberVolumes(String group, int next, List<KnownVolume> volumes) throws IOException {
        GroupMemory before = memory(group);
        if (next != before.nextVolume() || !volumes.equals(before.volumes())) {
            write(group, before.withVolumes(next, volumes));
        }
    }

    /** From now on the name is this folder's; durable on return. Throws as {@link #compareAndSet}. */
    synchronized void claim(String group, String host, String dataFolder) throws IOException {
        write(group, memory(group).withFolder(host, dataFolder));
    }

    /** The number of this start; the first is 1, and none comes twice. */
    public synchronized long boot() {
        return boot;
    }

    /** Counts the boot number up; durable on return. */
    public synchronized long nextBoot() throws IOException {
        boot++;
        writeBoot();
        return boot;
    }

    /** The record of a group that {@link #open} was told of. */
    public synchronized OwnershipRecord read(String group) {
        GroupMemory memory = memories.get(group);
        if (memory == null) {
            throw new IllegalArgumentException("no such group: " + group);
        }
        return memory.record();
    }

    /**
     * Replaces a record if its version is {@code expect}; the new record carries the version after it. Durable on
     * return of true. Throws {@link RecordFile.UncertainException} if either record may be there after a restart,
     * any other {@link IOException} if the old one is.
     */
    public synchronized boolean compareAndSet(String group, long expect, OwnershipRecord next) throws IOException {
        if (read(group).version() != expect) {
            return false;
        }
        if (next.version() != expect + 1) {
            throw new IllegalArgumentException("version " + next.version() + " does not follow " + expect);
        }
        write(group, memory(group).withRecord(next));
        return true;
    }

    /** Gives the folder free; nothing is written to it afterwards, for it may be another storage's by then. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        lockChannel.close();
    }

    private static FileChannel lock(Path folder) throws IOException {
        FileChannel channel = PrivateFiles.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        @Nullable FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Another storage in this process holds it: the same as any other holder.
        }
        if (lock == null) {
            channel.close();
            throw new StorageSetupException(
                    folder + " is in use by another unwrite storage: stop that one, or choose another --data folder");
        }
        return channel;
    }

    private void load() throws IOException {
        Path file = bootFile();
        if (!Files.exists(file)) {
            try (var records = Files.newDirectoryStream(folder, "group-*.json")) {
                for (Path stray : records) {
                    throw new StorageSetupException(file + " is missing beside " + stray.getFileName()
                            + ": put back the whole folder, or choose an empty --data folder");
                }
            }
            return;
        }
        try {
            JsonNode node = Json.parse(RecordFile.read(file));
            boot = Json.number(node, "boot");
            // A storage that was made before storages had ids gets one now.
            id = node.has("storage") ? Json.string(node, "storage") : "";
            for (JsonNode group : node.path("groups")) {
                known.add(Names.check("group", group.asText()));
            }
        } catch (IllegalArgumentException e) {
            throw RecordFile.damaged(file, String.valueOf(e.getMessage()));
        }
        if (boot < 1 || boot >= Integer.MAX_VALUE) {
            throw RecordFile.damaged(file, "boot is " + boot);
        }
        for (String group : known) {
            loadGroup(group);
        }
    }

    private void loadGroup(String group) throws IOException {
        Path file = groupFile(group);
        if (!Files.exists(file)) {
            throw RecordFile.damaged(file, "it is missing, but group " + group + " was served before");
        }
        memories.put(group, readGroup(file, group));
    }

    private static GroupMemory readGroup(Path file, String group) throws IOException {
        try {
            JsonNode node = Json.parse(RecordFile.read(file));
            String found = Json.string(node, "group");
            if (!found.equals(group)) {
                throw RecordFile.damaged(file, "it is the record of group " + found);
            }
            return GroupMemory.of(node);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw RecordFile.damaged(file, String.valueOf(e.getMessage()));
        }
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException("the storage has stopped");
        }
    }

    private void write(String group, GroupMemory memory) throws IOException {
        checkOpen();
        RecordFile.write(groupFile(group), memory.toJson(group).toString());
        memories.put(group, memory);
    }

    private void writeBoot() throws IOException {
        checkOpen();
        ObjectNode node = Json.object().put("storage", id).put("boot", boot);
        ArrayNode groups = node.putArray("groups");
        known.forEach(groups::add);
        RecordFile.write(bootFile(), node.toString());
    }

    private Path bootFile() {
        return folder.resolve("boot.json");
    }

    private Path groupFile(String group) {
        return folder.resolve("group-" + group + ".json");
    }
}
