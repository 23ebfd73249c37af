package dev.unwrite.machine;

import dev.unwrite.files.PrivateFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The machine {@code none}: any client that connects over NBD. Its state is a file supplied for one checkpoint, and attached to
 * later ones only while nothing has been written since; an empty state counts as none. After a failover it is in the node's data
 * folder as {@value #STATE}. States are streamed and may be larger than the heap.
 *
 * <p>Pausing does nothing here: the node itself holds back the NBD writes. Thread-safe.
 */
public final class NoMachine implements Machine {
    /** The file in the data folder that a resumed machine finds. */
    public static final String STATE = "state";

    /** Where a former {@value #STATE} goes that does not belong to the disk as it is now. */
    private static final String OLD = "state.old";

    private static final String GIVEN = "state.given.";
    private static final String NEXT = "state.next";
    private static final String SAVED = "state.saved.";

    private final Path dataDir;
    private @Nullable Path current;
    private @Nullable Path resumed;
    private long saves;

    /** {@code dataDir} is the node's data folder; nothing is read or written yet. */
    public NoMachine(Path dataDir) {
        this.dataDir = dataDir;
    }

    /** There is no state until one is handed over. An existing {@value #STATE} does not belong to this disk and is put aside. */
    @Override
    public synchronized void coldStart() throws IOException {
        removeLeftovers();
        putOldAside();
        current = null;
    }

    /** On return the state is durable as {@value #STATE}; before, the old file was there, whole. None if it is empty. */
    @Override
    public synchronized void resume(InputStream state) throws IOException {
        removeLeftovers();
        PushbackInputStream in = new PushbackInputStream(state);
        int first = in.read();
        if (first < 0) {
            putOldAside();
            current = null;
            return;
        }
        in.unread(first);
        current = replace(STATE, in);
        resumed = current;
    }

    /** Where the state is that this machine was resumed with; null if there was none. */
    public synchronized @Nullable Path resumedState() {
        return resumed;
    }

    /**
     * Takes a state, read to its end but not closed, and returns where it is; {@link #save(Path)} makes it the state. The
     * file is to be deleted by the caller in the end.
     */
    public synchronized Path handOver(InputStream state) throws IOException {
        return replace(GIVEN + saves++, state);
    }

    @Override
    public void pause() {}

    @Override
    public void unpause() {}

    /** Saves a state that was handed over for this very moment; the file stays, for another try if this cut is refused. */
    public synchronized Saved save(Path handedOver) throws IOException {
        current = sameBytes(handedOver, NEXT);
        return save();
    }

    /** The disk was written since the state was handed over, so the state no longer belongs to it. */
    public synchronized void forget() {
        current = null;
    }

    /** The state that was saved last, or resumed, unless it was forgotten; else an empty one. */
    @Override
    public synchronized Saved save() throws IOException {
        Path source = current;
        if (source == null) {
            return new SavedFile(null);
        }
        // A second name keeps these bytes when the next state takes over the first name.
        return new SavedFile(sameBytes(source, SAVED + saves++));
    }

    /** Another name for the file, where the file system can do that, else a copy. */
    private Path sameBytes(Path file, String name) throws IOException {
        Path other = dataDir.resolve(name);
        Files.deleteIfExists(other);
        try {
            Files.createLink(other, file);
        } catch (UnsupportedOperationException | IOException e) {
            Files.copy(file, other, StandardCopyOption.REPLACE_EXISTING);
        }
        return other;
    }

    /** Nothing is open; the files stay for the next start. */
    @Override
    public void close() {}

    private Path replace(String name, InputStream content) throws IOException {
        Path whole = dataDir.resolve(name);
        PrivateFiles.replace(whole, content);
        return whole;
    }

    private void putOldAside() throws IOException {
        Path old = dataDir.resolve(STATE);
        if (Files.exists(old)) {
            Files.move(old, dataDir.resolve(OLD), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            PrivateFiles.sync(dataDir, StandardOpenOption.READ);
        }
    }

    /** Removes the files of an earlier process; its states were committed elsewhere or do not count. */
    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(dataDir, "state.{next,part,given.*,saved.*}")) {
            for (Path leftover : leftovers) {
                Files.delete(leftover);
            }
        }
    }

    private record SavedFile(@Nullable Path file) implements Saved {
        @Override
        public InputStream open() throws IOException {
            return file == null ? InputStream.nullInputStream() : Files.newInputStream(file);
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }
}
