package dev.unwrite.checkpoint;

import dev.unwrite.checkpoint.CheckpointFiles.StateFile;
import dev.unwrite.image.FlatImage;
import dev.unwrite.image.PieceReader;
import dev.unwrite.image.PieceStream;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The machine states that the secondary holds: at most one committed, and a few that are arriving.
 *
 * <p>A checkpoint is one file: a header page, then the state in pieces ({@link dev.unwrite.image}). It arrives under a name of
 * its own and is renamed to the committed name once all of it is durable (rule StateBeforeDiscard). So a crash at any point leaves
 * the old checkpoint or the new one, whole.
 *
 * <p>A delta needs its base as well (rule DeltaOnItsBase): that is an image beside it, into which each committed delta is
 * applied, at leisure, but before the next one is committed. It may be applied any number of times: what a crash left half done
 * is done again when the store is opened. A checkpoint that is whole needs no image until a delta on it comes.
 *
 * <p>Thread-safe; a receiver is used by one thread at a time.
 */
public final class CheckpointStore implements Closeable {
    /** The most checkpoints that may arrive at the same time. */
    public static final int MAX_RECEIVERS = 4;

    private static final String COMMITTED = "committed.checkpoint";
    private static final String INCOMING = "incoming-";
    private static final int VERIFY_BYTES = 1 << 20;

    private final CheckpointFiles files;
    private final Policy policy;
    private final long limitBytes;
    private final int pageBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable StoredCheckpoint committed;
    private @Nullable CheckpointException failure;
    /** Whether the image is the committed state, durably. */
    private boolean applied;

    private int receivers;
    private long nextReceiver;

    /** When a commit is done. */
    public enum Policy {
        /** When the state is synced to disk. */
        DURABLE,
        /** When the operating system has it: it survives the end of this process, not a loss of power. */
        MEMORY
    }

    /**
     * Opens the store in a folder, or makes a new one. Removes checkpoints that had arrived only in part, and reads the
     * committed state once to verify it.
     *
     * @param limitBytes the largest state that is accepted, in bytes
     * @throws CorruptCheckpointException if the committed checkpoint is damaged; it names the file
     */
    public static CheckpointStore open(Path folder, Policy policy, long limitBytes) throws IOException {
        CheckpointFiles files = CheckpointFolder.lock(folder);
        try {
            return open(files, policy, limitBytes, PieceStream.PAGE_BYTES);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** As above, in a folder that the caller has made, which the store closes, and with pages of another size. */
    public static CheckpointStore open(CheckpointFiles files, Policy policy, long limitBytes, int pageBytes)
            throws IOException {
        for (String name : files.names()) {
            if (name.startsWith(INCOMING)) {
                files.delete(name);
            }
        }
        CheckpointStore store = new CheckpointStore(files, policy, limitBytes, pageBytes);
        StoredCheckpoint found = files.names().contains(COMMITTED) ? store.readCommitted() : null;
        store.committed = found;
        if (found == null || found.base() == 0) {
            Image.delete(files);
        }
        if (policy == Policy.DURABLE) {
            files.syncFolder(); // The rename may have been seen only by the process that is gone.
        }
        if (found != null) {
            if (found.base() != 0) {
                store.verify(found); // What is damaged must not be applied.
            }
            try (InputStream state = store.open()) {
                byte[] buffer = new byte[(int) Math.min(VERIFY_BYTES, found.length() + 1)];
                while (state.read(buffer) >= 0) {
                    // Reading is what checks it.
                }
            }
        }
        return store;
    }

    private CheckpointStore(CheckpointFiles files, Policy policy, long limitBytes, int pageBytes) {
        this.files = files;
        this.policy = policy;
        this.limitBytes = limitBytes;
        this.pageBytes = pageBytes;
    }

    private StoredCheckpoint readCommitted() throws IOException {
        try (StateFile file = files.open(COMMITTED)) {
            return CheckpointHeader.read(file, files.describe(COMMITTED));
        }
    }

    /** The committed checkpoint. Never blocks, whatever is being written. */
    public Optional<StoredCheckpoint> committed() {
        return Optional.ofNullable(committed);
    }

    /**
     * The committed state, from its first byte to its last. A read fails where it is damaged, or when the end is reached; a
     * caller that does not read to the end has verified nothing. No other may be committed meanwhile.
     */
    public InputStream open() throws IOException {
        lock.lock();
        try {
            StoredCheckpoint checkpoint = committed;
            if (checkpoint == null) {
                throw new CheckpointException("no checkpoint is committed here");
            }
            if (checkpoint.base() == 0) {
                return new FlatImage(
                        new BufferedInputStream(pieces(checkpoint), VERIFY_BYTES),
                        checkpoint.imageBytes(),
                        why -> new CorruptCheckpointException(files.describe(COMMITTED), why));
            }
            apply();
            return Image.open(files, pageBytes).read(checkpoint.imageBytes());
        } finally {
            lock.unlock();
        }
    }

    private void verify(StoredCheckpoint checkpoint) throws IOException {
        try (InputStream raw = pieces(checkpoint)) {
            raw.transferTo(OutputStream.nullOutputStream());
        }
    }

    private VerifiedState pieces(StoredCheckpoint checkpoint) throws IOException {
        return new VerifiedState(files.open(COMMITTED), checkpoint, files.describe(COMMITTED));
    }

    /**
     * Makes the image that of the committed checkpoint if that is a delta, so that the next commit need not; harmless at any
     * time. What fails here is tried again when it is needed.
     */
    public void applyDelta() throws IOException {
        lock.lock();
        try {
            StoredCheckpoint checkpoint = committed;
            if (checkpoint != null && checkpoint.base() != 0) {
                apply();
            }
        } finally {
            lock.unlock();
        }
    }

    /** On return the image is the committed state, durably under {@link Policy#DURABLE}. */
    private void apply() throws IOException {
        StoredCheckpoint checkpoint = Objects.requireNonNull(committed);
        if (applied) {
            return;
        }
        if (failure != null) {
            throw failure; // A crash may bring the base back, and then the image must still be that.
        }
        boolean whole = checkpoint.base() == 0;
        try (InputStream pieces = pieces(checkpoint);
                Image image = whole ? Image.create(files, pageBytes) : Image.open(files, pageBytes)) {
            image.apply(pieces);
            if (policy == Policy.DURABLE) {
                image.sync();
                if (whole) {
                    files.syncFolder();
                }
            }
        }
        applied = true;
    }

    /** Begins to receive the checkpoint {@code epoch} of a primary of {@code term}; as a delta, if {@code base} is not 0. */
    public Receiver begin(long term, long epoch, long base) throws IOException {
        lock.lock();
        try {
            requireNewer(term, epoch);
            if (receivers == MAX_RECEIVERS) {
                throw new CheckpointException(MAX_RECEIVERS + " checkpoints are arriving already");
            }
            String name = INCOMING + nextReceiver++;
            Receiver receiver = new Receiver(term, epoch, base, name, files.create(name));
            receivers++;
            return receiver;
        } finally {
            lock.unlock();
        }
    }

    private void requireNewer(long term, long epoch) throws CheckpointException {
        if (failure != null) {
            throw failure;
        }
        StoredCheckpoint current = committed;
        if (current != null && !current.isBefore(term, epoch)) {
            throw new CheckpointException("checkpoint " + epoch + " of term " + term + " comes too late: "
                    + current.epoch() + " of term " + current.term() + " is committed");
        }
    }

    /**
     * After a commit whose last sync failed: makes sure that the committed checkpoint is the one that is found when the store
     * is opened again, and takes others again. Nothing is done otherwise.
     */
    public void settle() throws IOException {
        lock.lock();
        try {
            if (failure != null) {
                files.syncFolder();
                failure = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Removes the committed checkpoint, for a host that joins anew. Durable on return under {@link Policy#DURABLE}. */
    public void discard() throws IOException {
        lock.lock();
        try {
            files.delete(COMMITTED);
            committed = null;
            applied = false;
            Image.delete(files);
            if (policy == Policy.DURABLE) {
                files.syncFolder();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        files.close();
    }

    /** Receives one checkpoint; ends with {@link #commit} or {@link #abort}. */
    public final class Receiver implements Closeable {
        private final long term;
        private final long epoch;
        private final long base;
        private final String name;
        private final StateFile file;
        private final CRC32C crc = new CRC32C();
        private final PieceReader pieces = new PieceReader(pageBytes, (offset, bytes) -> {});
        private long received;
        private boolean ended;

        private Receiver(long term, long epoch, long base, String name, StateFile file) {
            this.term = term;
            this.epoch = epoch;
            this.base = base;
            this.name = name;
            this.file = file;
        }

        /** How many bytes of the state have arrived. */
        public long received() {
            return received;
        }

        /** Whether what has arrived is a state of that length and checksum (CRC32C). */
        public boolean isWhole(long length, long crc32c) {
            return length == received && crc32c == crc.getValue() && pieces.isWhole();
        }

        /** Appends the next part of the state. Not durable before {@link #commit}. */
        public void write(ByteBuffer part) throws IOException {
            requireOpen();
            if (part.remaining() > limitBytes - received) {
                throw new CheckpointException(
                        "the state is larger than " + limitBytes + " bytes, the most this host takes");
            }
            pieces.take(part.duplicate());
            if (pieces.isWhole() && pieces.imageBytes() > limitBytes) {
                throw new CheckpointException(
                        "the state is larger than " + limitBytes + " bytes, the most this host takes");
            }
            crc.update(part.duplicate());
            int count = part.remaining();
            file.write(CheckpointHeader.BYTES + received, part);
            received += count;
        }

        /** As {@link #write(ByteBuffer)}; fails if it is not the next part. */
        public void write(long offset, ByteBuffer part) throws IOException {
            if (offset != received) {
                throw new CheckpointException(
                        "a part of the state at " + offset + " came when " + received + " bytes had arrived");
            }
            write(part);
        }

        /** As below, with nothing that goes with the state. */
        public StoredCheckpoint commit(long length, long crc32c) throws IOException {
            return commit(length, crc32c, Map.of());
        }

        /**
         * Makes this the committed checkpoint, with {@code meta} in the same atomic step, and removes the one before. Durable on return under {@link Policy#DURABLE}. On failure the one before stays committed, unless
         * the failure is that of the very last sync: then either may be found after a crash, and nothing more is taken
         * until {@link #settle}, or until the store is opened again.
         *
         * @throws CheckpointException if length or checksum are not those of what arrived, a newer one is committed, or this is a
         *     delta and not on the committed one
         */
        public StoredCheckpoint commit(long length, long crc32c, Map<String, String> meta) throws IOException {
            requireOpen();
            try {
                if (!isWhole(length, crc32c)) {
                    throw new CheckpointException("checkpoint " + epoch + " of term " + term + " did not arrive whole: "
                            + received + " bytes with checksum " + Long.toHexString(crc.getValue()) + " instead of "
                            + length + " with " + Long.toHexString(crc32c));
                }
                StoredCheckpoint checkpoint =
                        new StoredCheckpoint(term, epoch, length, crc32c, base, pieces.imageBytes(), meta);
                if (base != 0) {
                    prepareBase(checkpoint);
                }
                file.write(0, CheckpointHeader.encode(checkpoint));
                if (policy == Policy.DURABLE) {
                    file.sync();
                }
                publish(checkpoint, name);
                return checkpoint;
            } finally {
                end();
            }
        }

        /** Drops what has arrived. No effect after {@link #commit}. */
        public void abort() throws IOException {
            if (!ended) {
                end();
            }
        }

        @Override
        public void close() throws IOException {
            abort();
        }

        private void requireOpen() throws CheckpointException {
            if (ended) {
                throw new CheckpointException("the checkpoint was already committed or dropped");
            }
        }

        private void end() throws IOException {
            ended = true;
            lock.lock();
            try {
                receivers--;
                file.close();
                files.delete(name);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Rule DeltaOnItsBase: before a delta takes the place of its base, that is in the image. */
    private void prepareBase(StoredCheckpoint delta) throws IOException {
        lock.lock();
        try {
            StoredCheckpoint held = committed;
            if (held == null || held.term() != delta.term() || held.epoch() != delta.base()) {
                throw new CheckpointException("checkpoint " + delta.epoch() + " is a delta on " + delta.base()
                        + ", which is not the one that is committed here");
            }
            apply();
        } finally {
            lock.unlock();
        }
    }

    private void publish(StoredCheckpoint checkpoint, String name) throws IOException {
        lock.lock();
        try {
            requireNewer(checkpoint.term(), checkpoint.epoch());
            files.rename(name, COMMITTED);
            committed = checkpoint;
            applied = false;
            if (policy == Policy.DURABLE) {
                files.syncFolder();
            }
        } catch (IOException e) {
            if (checkpoint.equals(committed)) {
                failure = new CheckpointException(
                        "the checkpoints can no longer be stored safely (" + e + "); see to the disk and start again",
                        e);
            }
            throw e;
        } finally {
            lock.unlock();
        }
    }
}
