package dev.unwrite.storage;

import dev.unwrite.files.Holes;
import dev.unwrite.files.PrivateFiles;
import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A volume in a regular file or on a block device.
 *
 * <p>What is trimmed or zeroed becomes a hole. Where the system cannot make one, zeroes are written over what is none, so
 * that at least nothing that was a hole is allocated. A flush that failed is final, see {@link FlushGroup}.
 * Calling threads must not be interrupted: an interrupt closes the file for everyone.
 */
public final class FileBackend implements Backend {
    private static final int ZERO_CHUNK_BYTES = 1 << 20;
    private static final ByteBuffer ZEROES =
            ByteBuffer.allocateDirect(ZERO_CHUNK_BYTES).asReadOnlyBuffer();
    /** Far beyond any data, so that only another storage of this kind minds the lock, and not qemu-img. */
    private static final long LOCK_OFFSET = Long.MAX_VALUE - 1;

    /** By such parts a range is looked through for what is not zero: less than a page costs no less space. */
    private static final int ZERO_UNIT_BYTES = 4096;

    /** So many parts are told of at most in one answer. */
    private static final int PARTS_MAX = 1024;

    private final FileChannel channel;
    private final @Nullable Holes holes;
    private final long size;
    private final FlushGroup flushes;

    private FileBackend(FileChannel channel, @Nullable Holes holes, long size) {
        this.channel = channel;
        this.holes = holes;
        this.size = size;
        this.flushes = new FlushGroup(this::sync);
    }

    /** Nothing is read any more once it has failed; who starts the storage again must see what the disk has, and no other. */
    private void sync() throws IOException {
        try {
            channel.force(false);
        } catch (IOException e) {
            if (holes != null) {
                holes.forgetCached();
            }
            throw e;
        }
    }

    /**
     * Opens {@code file}; creates it, sparse, if it is absent (or empty) and {@code wanted}, in bytes, is given. Throws
     * {@link StorageSetupException} if it is absent and no size is given, has another size, cannot be written, or is
     * in use by another storage.
     */
    public static FileBackend open(Path file, OptionalLong wanted) throws IOException {
        return open(file, wanted, false);
    }

    /** Opens a file that is there, and makes it {@code size} bytes long if it is shorter, durable on return. */
    static FileBackend openToGrow(Path file, long size) throws IOException {
        return open(file, OptionalLong.of(size), true);
    }

    private static FileBackend open(Path file, OptionalLong wanted, boolean grow) throws IOException {
        boolean present = Files.exists(file);
        if (!present && wanted.isEmpty()) {
            throw new StorageSetupException(file + " does not exist: create it, or add ,size=1G to have it created");
        }
        if (Files.isDirectory(file)) {
            throw new StorageSetupException(file + " is a folder: name a file in it");
        }
        return open(file, wanted, present, grow, true);
    }

    /** {@code punching} false: as if the system could not make holes. */
    static FileBackend open(Path file, OptionalLong wanted, boolean present, boolean grow, boolean punching)
            throws IOException {
        FileChannel channel = openChannel(file, file, !present);
        Holes holes = punching ? Holes.open(file) : null;
        try {
            if (holes != null) {
                // Both must be the same file, even if its name is given to another just now.
                channel.close();
                channel = openChannel(holes.path(), file, false);
            }
            lock(channel, file);
            return new FileBackend(channel, holes, sized(channel, file, wanted, grow));
        } catch (IOException | RuntimeException e) {
            channel.close();
            if (holes != null) {
                holes.close();
            }
            if (!present) {
                Files.deleteIfExists(file);
            }
            throw e;
        }
    }

    private static FileChannel openChannel(Path path, Path file, boolean create) throws IOException {
        OpenOption[] options = create
                ? new OpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW}
                : new OpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE};
        try {
            return create ? PrivateFiles.open(path, options) : FileChannel.open(path, options);
        } catch (IOException e) {
            throw new StorageSetupException(
                    "cannot open " + file + " for reading and writing (" + why(e) + "): check the path and its rights",
                    e);
        }
    }

    private static String why(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "");
    }

    private static void lock(FileChannel channel, Path file) throws IOException {
        boolean locked;
        try {
            locked = channel.tryLock(LOCK_OFFSET, 1, false) != null;
        } catch (OverlappingFileLockException e) {
            locked = false;
        }
        if (!locked) {
            throw new StorageSetupException(file + " is already a volume of an unwrite storage: use it only once");
        }
    }

    private static long sized(FileChannel channel, Path file, OptionalLong wanted, boolean grow) throws IOException {
        long found = channel.size();
        if (wanted.isEmpty()) {
            if (found == 0) {
                throw new StorageSetupException(file + " is empty: add ,size=1G");
            }
            return found;
        }
        long size = wanted.getAsLong();
        if (found == 0 || (grow && found < size)) {
            channel.write(ByteBuffer.allocate(1), size - 1);
            channel.force(true);
            RecordFile.syncFolderOf(file);
        } else if (found != size) {
            throw new StorageSetupException(
                    file + " is " + found + " bytes long, not " + size + ": leave ,size= away to use it as it is");
        }
        return size;
    }

    @Override
    public boolean up() {
        return true;
    }

    @Override
    public int minimumBlock() {
        return 1;
    }

    @Override
    public int maximumPayload() {
        return Export.MAXIMUM_PAYLOAD;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        check(offset, target.remaining());
        flushes.check();
        readFully(offset, target);
    }

    private void readFully(long offset, ByteBuffer target) throws IOException {
        long at = offset;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw new EOFException("the file became shorter than " + size + " bytes");
            }
            at += count;
        }
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        check(offset, source.remaining());
        flushes.check();
        long at = offset;
        while (source.hasRemaining()) {
            at += channel.write(source, at);
        }
        if (fua) {
            flush();
        }
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        writeZeroes(offset, length, false, fua);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        check(offset, length);
        flushes.check();
        if (length > 0 && !zeroAtOnce(offset, length, noHole)) {
            if (noHole) {
                fillWithZeroes(offset, offset + length);
            } else {
                zeroWhatIsNot(offset, offset + length);
            }
        }
        if (fua) {
            flush();
        }
    }

    private boolean zeroAtOnce(long offset, long length, boolean noHole) throws IOException {
        if (holes == null) {
            return false;
        }
        return noHole ? holes.zero(offset, length) : holes.punch(offset, length);
    }

    private void fillWithZeroes(long from, long end) throws IOException {
        for (long at = from; at < end; ) {
            ByteBuffer chunk = ZEROES.duplicate();
            chunk.limit((int) Math.min(ZERO_CHUNK_BYTES, end - at));
            at += channel.write(chunk, at);
        }
    }

    private void zeroWhatIsNot(long from, long end) throws IOException {
        ByteBuffer found = ByteBuffer.allocate((int) Math.min(ZERO_CHUNK_BYTES, end - from));
        for (long start = from; start < end; start += found.limit()) {
            readFully(start, found.clear().limit((int) Math.min(found.capacity(), end - start)));
            for (int at = 0; at < found.limit(); ) {
                int unit = ZERO_UNIT_BYTES - (int) ((start + at) % ZERO_UNIT_BYTES);
                int length = Math.min(unit, found.limit() - at);
                if (found.slice(at, length).mismatch(ZEROES.slice(0, length)) >= 0) {
                    fillWithZeroes(start + at, start + at + length);
                }
                at += length;
            }
        }
    }

    /** Where nobody can tell, all is data. */
    @Override
    public boolean tellsAllocation() {
        return holes != null;
    }

    @Override
    public List<Allocation> allocation(long offset, long length) throws IOException {
        check(offset, length);
        flushes.check();
        return holes == null ? List.of(Allocation.data(length)) : allocation(holes, offset, length);
    }

    private static List<Allocation> allocation(Holes holes, long offset, long length) throws IOException {
        List<Allocation> parts = new ArrayList<>();
        long end = offset + length;
        long at = offset;
        while (at < end && parts.size() < PARTS_MAX) {
            long data = holes.nextData(at, end);
            if (data > at) {
                parts.add(Allocation.emptiness(data - at));
                at = data;
            } else {
                long hole = holes.nextHole(at, end);
                parts.add(Allocation.data(hole - at));
                at = hole;
            }
        }
        return parts;
    }

    @Override
    public void flush() throws IOException {
        flushes.flush();
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            // Not before the channel, whose lock would go with it.
            if (holes != null) {
                holes.close();
            }
        }
    }

    private void check(long offset, long length) throws IOException {
        if (offset < 0 || length < 0 || length > size - offset) {
            throw new NbdException(NbdError.EINVAL, "beyond the end of the volume");
        }
    }
}
