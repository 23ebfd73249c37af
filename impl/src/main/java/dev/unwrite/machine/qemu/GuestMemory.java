package dev.unwrite.machine.qemu;

import dev.unwrite.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The guest's memory: a file that QEMU and this process both map. The file goes when it is closed. */
final class GuestMemory implements Closeable {
    static final int PAGE = 4096;

    /** Memory that is a file: nothing of it is written to a disk. */
    private static final Path SHARED = Path.of("/dev/shm");

    private static final Pattern NAME = Pattern.compile("unwrite-(\\d{1,10})-\\d+\\.ram");
    private static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[PAGE]).asReadOnly();

    private final Path file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    /** Places for copies that nobody reads any more; their number is that of the states that were on their way at once. */
    private final Queue<MemorySegment> free = new ConcurrentLinkedQueue<>();

    private GuestMemory(Path file, FileChannel channel, long size) throws IOException {
        this.file = file;
        this.bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
    }

    /** All zeroes. Throws, with one line, where this host has no room for it. */
    static GuestMemory create(long size) throws IOException {
        Path folder = Files.isDirectory(SHARED) && Files.isWritable(SHARED)
                ? SHARED
                : Path.of(System.getProperty("java.io.tmpdir"));
        sweep(folder);
        long room = Files.getFileStore(folder).getUsableSpace();
        if (room < size) {
            throw new IOException("the guest has " + (size >> 20) + " MiB of memory, and " + folder + " has room for "
                    + (room >> 20) + " MiB");
        }
        Path file = folder.resolve("unwrite-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".ram");
        try (FileChannel channel = PrivateFiles.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new GuestMemory(file, channel, size);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Of a process that was killed while its QEMU started; later there is no name any more. */
    private static void sweep(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "unwrite-*.ram")) {
            for (Path left : files) {
                Matcher name = NAME.matcher(left.getFileName().toString());
                if (name.matches()
                        && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()) {
                    Files.deleteIfExists(left);
                }
            }
        }
    }

    /** What QEMU opens. */
    Path file() {
        return file;
    }

    long size() {
        return bytes.byteSize();
    }

    MemorySegment page(long number) {
        return bytes.asSlice(number * PAGE, PAGE);
    }

    /** Clears the pages from {@code first} up to, not including, {@code end}; those that are zeroes stay without memory. */
    void zero(long first, long end) {
        for (long number = first; number < end; number++) {
            MemorySegment page = page(number);
            if (page.mismatch(ZEROES) >= 0) {
                page.fill((byte) 0);
            }
        }
    }

    /** Removes the name: whoever has it mapped keeps it. A process that is killed leaves nothing behind then. */
    void unlink() throws IOException {
        Files.deleteIfExists(file);
    }

    /**
     * The pages as they are now, in a place of their own; the guest must stand still. What is like it was when that place was
     * last used stays as it is: to compare takes a tenth of the time of a copy.
     */
    Pages copy() {
        MemorySegment place = free.poll();
        MemorySegment copy = place == null ? arena.allocate(size(), PAGE) : place;
        long at = 0;
        while (at < size()) {
            long differs = MemorySegment.mismatch(bytes, at, size(), copy, at, size());
            if (differs < 0) {
                break;
            }
            long page = (at + differs) / PAGE * PAGE;
            MemorySegment.copy(bytes, page, copy, page, PAGE);
            at = page + PAGE;
        }
        return new Pages(copy, free);
    }

    /** Unmaps it; QEMU has ended. */
    @Override
    public void close() throws IOException {
        unlink();
        arena.close();
    }

    /** A memory at one moment, until it is closed. */
    static final class Pages implements Closeable {
        private final MemorySegment bytes;
        private final Queue<MemorySegment> free;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Pages(MemorySegment bytes, Queue<MemorySegment> free) {
            this.bytes = bytes;
            this.free = free;
        }

        MemorySegment bytes() {
            return bytes;
        }

        /** The first page from {@code first} on that is not all zeroes, or -1. */
        int next(int first) {
            for (long number = first; number < bytes.byteSize() / PAGE; number++) {
                if (bytes.asSlice(number * PAGE, PAGE).mismatch(ZEROES) >= 0) {
                    return (int) number;
                }
            }
            return -1;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                free.add(bytes);
            }
        }
    }
}
