package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The ownership records and the boot number of one storage, durable in a folder that nobody else uses.
 *
 * <p>Files: {@code lock}; {@code boot.json}, the boot number and every group that was ever served; and for each of
 * them {@code group-NAME.json}, its record. A record is never invented: one that is known and missing, or damaged,
 * stops the start, for a term that is forgotten would let a fenced host write again.
 */
public final class RecordStore implements Closeable {
    private final Path folder;
    private final FileChannel lockChannel;
    private final Map<String, OwnershipRecord> records = new HashMap<>();
    private final SortedSet<String> known = new TreeSet<>();
    private long boot;
    private boolean closed;

    private RecordStore(Path folder, FileChannel lockChannel) {
        this.folder = folder;
        this.lockChannel = lockChannel;
    }

    /**
     * Locks the folder, reads every record of {@code groups} (new groups begin with {@link OwnershipRecord#INITIAL})
     * and counts the boot number up. On return all of that is durable.
     */
    public static RecordStore open(Path folder, Collection<String> groups) throws IOException {
        Files.createDirectories(folder);
        RecordStore store = new RecordStore(folder, lock(folder));
        try {
            store.load();
            store.nextBoot();
            for (String group : new TreeSet<>(groups)) {
                store.loadGroup(Names.check("group", group));
            }
            if (store.known.addAll(groups)) {
                store.writeBoot();
            }
            return store;
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
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
        OwnershipRecord record = records.get(group);
        if (record == null) {
            throw new IllegalArgumentException("no such group: " + group);
        }
        return record;
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
        writeGroup(group, next);
        records.put(group, next);
        return true;
    }

    /** Gives the folder free; nothing is written to it afterwards, for it may be another storage's by then. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        lockChannel.close();
    }

    private static FileChannel lock(Path folder) throws IOException {
        FileChannel channel = FileChannel.open(
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
            for (JsonNode group : node.path("groups")) {
                known.add(Names.check("group", group.asText()));
            }
        } catch (IllegalArgumentException e) {
            throw RecordFile.damaged(file, String.valueOf(e.getMessage()));
        }
        if (boot < 1 || boot >= Integer.MAX_VALUE) {
            throw RecordFile.damaged(file, "boot is " + boot);
        }
    }

    private void loadGroup(String group) throws IOException {
        Path file = groupFile(group);
        if (Files.exists(file)) {
            records.put(group, readGroup(file, group));
        } else if (known.contains(group)) {
            throw RecordFile.damaged(file, "it is missing, but group " + group + " was served before");
        } else {
            writeGroup(group, OwnershipRecord.INITIAL);
            records.put(group, OwnershipRecord.INITIAL);
        }
    }

    private static OwnershipRecord readGroup(Path file, String group) throws IOException {
        try {
            JsonNode node = Json.parse(RecordFile.read(file));
            String found = Json.string(node, "group");
            if (!found.equals(group)) {
                throw RecordFile.damaged(file, "it is the record of group " + found);
            }
            return Json.toRecord(Json.child(node, "record"));
        } catch (IllegalArgumentException e) {
            throw RecordFile.damaged(file, String.valueOf(e.getMessage()));
        }
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException("the storage has stopped");
        }
    }

    private void writeGroup(String group, OwnershipRecord record) throws IOException {
        checkOpen();
        ObjectNode node = Json.object().put("group", group);
        node.set("record", Json.ofRecord(record));
        RecordFile.write(groupFile(group), node.toString());
    }

    private void writeBoot() throws IOException {
        checkOpen();
        ObjectNode node = Json.object().put("boot", boot);
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
