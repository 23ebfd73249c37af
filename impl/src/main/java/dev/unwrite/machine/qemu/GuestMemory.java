package dev.unwrite.machine.qemu;

import dev.unwrite.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

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
    /** What it was at the last {@link #changes}. */
    private final MemorySegment shadow;

    private GuestMemory(Path file, FileChannel channel, long size) throws IOException {
        this.file = file;
        this.bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
        this.shadow = arena.allocate(size, PAGE);
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

    /** Makes a page that of a state; one of zeroes stays without memory. */
    void restore(long number, MemorySegment content) {
        MemorySegment page = page(number);
        if (page.mismatch(content) >= 0) {
            page.copyFrom(content);
        }
    }

    /** The CRC32C of each page as it is now, big-endian, for a witness. */
    byte[] sums() {
        ByteBuffer sums = ByteBuffer.allocate((int) (size() / PAGE) * Integer.BYTES);
        CRC32C crc = new CRC32C();
        for (long number = 0; number < size() / PAGE; number++) {
            crc.reset();
            crc.update(page(number).asByteBuffer());
            sums.putInt((int) crc.getValue());
        }
        return sums.array();
    }

    /** Removes the name: whoever has it mapped keeps it. A process that is killed leaves nothing behind then. */
    void unlink() throws IOException {
        Files.deleteIfExists(file);
    }

    /**
     * The numbers of the pages that are not what they were when this was called last, of zeroes at first; the guest must stand
     * still. To compare takes a tenth of the time of a copy; and as the guest stands still, its processors are free for it.
     */
    BitSet changes() {
        int parts = Runtime.getRuntime().availableProcessors();
        long pages = size() / PAGE;
        List<BitSet> changed = IntStream.range(0, parts)
                .parallel()
                .mapToObj(part -> changes(pages * part / parts * PAGE, pages * (part + 1) / parts * PAGE))
                .toList();
        BitSet all = new BitSet();
        changed.forEach(all::or);
        return all;
    }

    private BitSet changes(long from, long end) {
        BitSet changed = new BitSet();
        long at = from;
        while (at < end) {
            long differs = MemorySegment.mismatch(bytes, at, end, shadow, at, end);
            if (differs < 0) {
                break;
            }
            long page = (at + differs) / PAGE * PAGE;
            MemorySegment.copy(bytes, page, shadow, page, PAGE);
            changed.set((int) (page / PAGE));
            at = page + PAGE;
        }
        return changed;
    }

    /** Copies what a page was at the last {@link #changes}. */
    void copy(int number, MemorySegment to, long offset) {
        MemorySegment.copy(shadow, (long) number * PAGE, to, offset, PAGE);
    }

    /** The numbers of the pages that were not all zeroes then. */
    BitSet filled() {
        BitSet filled = new BitSet();
        for (int number = 0; number < size() / PAGE; number++) {
            if (shadow.asSlice((long) number * PAGE, PAGE).mismatch(ZEROES) >= 0) {
                filled.set(number);
            }
        }
        return filled;
    }

    /** Unmaps it; QEMU has ended. */
    @Override
    public void close() throws IOException {
        unlink();
        arena.close();
    }
}
