package dev.unwrite.machine;

import dev.unwrite.files.PrivateFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The machine {@code none}: whoever connects over NBD. Its state is a file that is handed over before a checkpoint;
 * after a failover it is in the node's data folder as {@value #STATE}. States are streamed and may be larger than the heap.
 *
 * <p>Pausing does nothing here: the node itself holds back the NBD writes. Thread-safe.
 */
public final class NoMachine implements Machine {
    /** The file in the data folder that a resumed machine finds. */
    public static final String STATE = "state";

    private static final String NEXT = "state.next";
    private static final String SAVED = "state.saved.";
    private static final String PART = ".part";

    private final Path dataDir;
    private @Nullable Path current;
    private long saves;

    /** {@code dataDir} is the node's data folder; nothing is read or written yet. */
    public NoMachine(Path dataDir) {
        this.dataDir = dataDir;
    }

    /** Leaves an existing {@value #STATE} as it is; the state is empty until one is handed over. */
    @Override
    public synchronized void coldStart() throws IOException {
        removeLeftovers();
        current = null;
    }

    /** On return the state is durable as {@value #STATE}; before, the old file was there, whole. */
    @Override
    public synchronized void resume(InputStream state) throws IOException {
        removeLeftovers();
        current = replace(STATE, state);
    }

    /**
     * Copies {@code stateFile}: it is what the next {@link #save} saves, and those after it, until another one is handed
     * over. Throws, changing nothing, where it cannot be read.
     */
    public synchronized void handOver(Path stateFile) throws IOException {
        if (!Files.isRegularFile(stateFile) || !Files.isReadable(stateFile)) {
            throw new IOException("the state " + stateFile + " is not a file that can be read");
        }
        try (InputStream in = Files.newInputStream(stateFile)) {
            handOver(in);
        }
    }

    /** As {@link #handOver(Path)}, for a state that comes over a connection; it is read to its end but not closed. */
    public synchronized void handOver(InputStream state) throws IOException {
        current = replace(NEXT, state);
    }

    @Override
    public void pause() {}

    @Override
    public void unpause() {}

    /** The state that was handed over last, else the one that was resumed, else an empty one. */
    @Override
    public synchronized Saved save() throws IOException {
        Path source = current;
        if (source == null) {
            return new SavedFile(null);
        }
        // A second name keeps these bytes when the next state takes over the first name.
        Path name = dataDir.resolve(SAVED + saves++);
        Files.deleteIfExists(name);
        try {
            Files.createLink(name, source);
        } catch (UnsupportedOperationException | IOException e) {
            Files.copy(source, name, StandardCopyOption.REPLACE_EXISTING);
        }
        return new SavedFile(name);
    }

    /** Nothing is open; the files stay for the next start. */
    @Override
    public void close() {}

    private Path replace(String name, InputStream content) throws IOException {
        Path part = dataDir.resolve(name + PART);
        Path whole = dataDir.resolve(name);
        PrivateFiles.copy(content, part);
        sync(part, StandardOpenOption.WRITE);
        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(dataDir, StandardOpenOption.READ);
        return whole;
    }

    private static void sync(Path path, StandardOpenOption mode) throws IOException {
        try (FileChannel channel = FileChannel.open(path, mode)) {
            channel.force(true);
        }
    }

    /** What an earlier life left: its states were either committed elsewhere or count for nothing. */
    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> leftovers =
                Files.newDirectoryStream(dataDir, "state.{next,next.part,part,saved.*}")) {
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
