package dev.unwrite.machine;

import dev.unwrite.files.PrivateFiles;
import dev.unwrite.image.PieceReader;
import dev.unwrite.image.PieceStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.NavigableMap;
import java.util.TreeMap;
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
    /** By epoch, the sizes of states that a delta may be on. */
    private final NavigableMap<Long, Long> withState = new TreeMap<>();

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
     * Takes a state, read to its end but not closed; {@link #save(HandedOver, long, long)} makes it the state. The file is to be
     * deleted by the caller in the end.
     *
     * @param base 0 for a whole state; else the state is in pieces, a delta on that checkpoint
     */
    public synchronized HandedOver handOver(InputStream state, long base) throws IOException {
        Path file = replace(GIVEN + saves++, state);
        return new HandedOver(file, base, base == 0 ? Files.size(file) : imageBytes(file));
    }

    private static long imageBytes(Path pieces) throws IOException {
        PieceReader reader = new PieceReader(PieceStream.PAGE_BYTES, (offset, bytes) -> {});
        try (InputStream in = Files.newInputStream(pieces)) {
            reader.takeAll(in);
        } catch (IOException e) {
            Files.delete(pieces);
            throw new NotPiecesException("the state is no delta in pieces: " + e.getMessage(), e);
        }
        if (!reader.isWhole()) {
            Files.delete(pieces);
            throw new NotPiecesException("the state is no delta in pieces: the one that ends it is missing", null);
        }
        return reader.imageBytes();
    }

    /** A state that a person handed over: {@code base} is 0 if it is whole, {@code imageBytes} the size of it all. */
    public record HandedOver(Path file, long base, long imageBytes) {}

    /** What was handed over as a delta is none. */
    public static final class NotPiecesException extends IOException {
        private static final long serialVersionUID = 1L;

        NotPiecesException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    @Override
    public long pause() {
        return 0;
    }

    @Override
    public void unpause() {}

    /** Saves a state that was handed over for this very moment; the file stays, for another try if this cut is refused. */
    public synchronized Saved save(HandedOver state, long epoch, long base) throws IOException {
        if (state.base == 0) {
            current = sameBytes(state.file, NEXT);
            return save(epoch, base);
        }
        Long before = state.base == base ? withState.get(base) : null;
        if (before == null) {
            throw new IOException("the state is a delta on checkpoint " + state.base + ", "
                    + (state.base == base ? "which has none" : "and the one before is " + base)
                    + ": hand over all of it");
        }
        current = null;
        saved(epoch, base, state.imageBytes);
        return new SavedDelta(sameBytes(state.file, SAVED + saves++), state.imageBytes);
    }

    private void saved(long epoch, long base, long imageBytes) {
        withState.headMap(base).clear();
        withState.put(epoch, imageBytes);
    }

    /** The disk was written since the state was handed over, so the state no longer belongs to it. */
    public synchronized void forget() {
        current = null;
        withState.clear();
    }

    /** The state that was saved last, or resumed, unless it was forgotten; else an empty one. */
    @Override
    public synchronized Saved save(long epoch, long base) throws IOException {
        Path source = current;
        if (source != null) {
            saved(epoch, base, Files.size(source));
            // A second name keeps these bytes when the next state takes over the first name.
            return new SavedFile(sameBytes(source, SAVED + saves++));
        }
        Long before = base == 0 ? null : withState.get(base);
        if (before != null) {
            saved(epoch, base, before);
            return new SavedDelta(null, before);
        }
        withState.remove(epoch);
        return new SavedFile(null);
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

    /** What was handed over as a delta; nothing, for the very state of its base. */
    private record SavedDelta(@Nullable Path file, long imageBytes) implements Saved {
        @Override
        public InputStream pieces() throws IOException {
            return file == null
                    ? new ByteArrayInputStream(PieceStream.end(imageBytes).array())
                    : Files.newInputStream(file);
        }

        @Override
        public boolean isDelta() {
            return true;
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }

    private record SavedFile(@Nullable Path file) implements Flat {
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
