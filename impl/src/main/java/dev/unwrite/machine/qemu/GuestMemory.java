package dev.unwrite.machine.qemu;

import dev.unwrite.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/** The guest's memory: a file that QEMU and this process both map. The file goes when it is closed. */
final class GuestMemory implements Closeable {
    static final int PAGE = 4096;

    /** Memory that is a file: nothing of it is written to a disk. */
    private static final Path SHARED = Path.of("/dev/shm");

    private static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[PAGE]).asReadOnly();

    private final Path file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;

    private GuestMemory(Path file, FileChannel channel, long size) throws IOException {
        this.file = file;
        this.bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
    }

    /** All zeroes. Throws, with one line, where this host has no room for it. */
    static GuestMemory create(long size) throws IOException {
        Path folder = Files.isDirectory(SHARED) && Files.isWritable(SHARED)
                ? SHARED
                : Path.of(System.getProperty("java.io.tmpdir"));
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

    /** The pages as they are now, those of zeroes left out, in a place of its own; the guest must stand still. */
    Pages copy() {
        Arena own = Arena.ofShared();
        MemorySegment copy = own.allocate(size(), PAGE);
        BitSet present = new BitSet();
        for (long number = 0; number < size() / PAGE; number++) {
            MemorySegment page = page(number);
            if (page.mismatch(ZEROES) >= 0) {
                MemorySegment.copy(page, 0, copy, number * PAGE, PAGE);
                present.set((int) number);
            }
        }
        return new Pages(own, copy, present);
    }

    /** Unmaps it; QEMU has ended. */
    @Override
    public void close() throws IOException {
        unlink();
        arena.close();
    }

    /** Some pages of a memory, outside of the heap. */
    record Pages(Arena arena, MemorySegment bytes, BitSet present) implements Closeable {
        @Override
        public void close() {
            arena.close();
        }
    }
}
