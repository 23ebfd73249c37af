package dev.unwrite.machine.qemu;

import dev.unwrite.files.Holes;
import dev.unwrite.files.PrivateFiles;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The guest's memory: a file that QEMU and this process both map. The file goes when it is closed. */
final class GuestMemory implements Closeable {
    static final int PAGE = 4096;

    /** Memory that is a file: nothing of it is written to a disk. */
    private static final Path SHARED = Path.of("/dev/shm");

    private static final Pattern NAME = Pattern.compile("unwrite-(\\d{1,10})-\\d+\\.ram");
    private static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[PAGE]).asReadOnly();

    private static final int PART_PAGES = 1024;
    private static final int GIVEN_BACK_RUNS_MAX = 1024;

    private final Path file;
    private final FileChannel channel;
    private final @Nullable Holes holes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    /** What it was at the last {@link #changes}. */
    private final MemorySegment shadow;
    /** The pages of the shadow that are not all zeroes. */
    private final BitSet shadowed = new BitSet();

    private GuestMemory(Path file, FileChannel channel, @Nullable Holes holes, long size) throws IOException {
        this.file = file;
        this.channel = channel;
        this.holes = holes;
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
        FileChannel channel = PrivateFiles.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Holes holes = Holes.open(file);
        try {
            return new GuestMemory(file, channel, holes, size);
        } catch (IOException | RuntimeException e) {
            channel.close();
            if (holes != null) {
                holes.close();
            }
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

    /**
     * The pages that may be anything but zeroes. What nobody has written to is not there yet, and to read it through the mapping
     * would make it: it would be compared for ever.
     */
    BitSet present() throws IOException {
        BitSet pages = new BitSet();
        Holes known = holes;
        if (known == null) {
            pages.set(0, (int) (size() / PAGE));
            return pages;
        }
        for (long at = known.nextData(0, size()); at < size(); at = known.nextData(at, size())) {
            long end = known.nextHole(at, size());
            pages.set((int) (at / PAGE), (int) Math.ceilDiv(end, PAGE));
            at = end;
        }
        return pages;
    }

    /** Makes a page that of a state; {@code present} is of before the first one. */
    void restore(int number, MemorySegment content, BitSet present) {
        if (present.get(number) || content.mismatch(ZEROES) >= 0) {
            page(number).copyFrom(content);
        }
    }

    /** The CRC32C of each page as it is now, big-endian, for a witness, which reads it another way than {@link #changes}. */
    byte[] sums() throws IOException {
        ByteBuffer sums = ByteBuffer.allocate((int) (size() / PAGE) * Integer.BYTES);
        CRC32C crc = new CRC32C();
        ByteBuffer pages = ByteBuffer.allocateDirect(PART_PAGES * PAGE);
        for (long at = 0; at < size(); at += pages.limit()) {
            pages.clear().limit((int) Math.min(pages.capacity(), size() - at));
            while (pages.hasRemaining()) {
                if (channel.read(pages, at + pages.position()) < 0) {
                    throw new EOFException("the guest's memory ends before its end");
                }
            }
            for (int page = 0; page < pages.limit(); page += PAGE) {
                crc.reset();
                crc.update(pages.slice(page, PAGE));
                sums.putInt((int) crc.getValue());
            }
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
     * Pages of zeroes are given back to the system: next time they need not be looked at.
     */
    BitSet changes() throws IOException {
        BitSet present = present();
        BitSet possible = (BitSet) present.clone();
        // What was given back by the guest is zeroes again.
        possible.or(shadowed);
        List<BitSet> changed = parts(possible).parallelStream()
                .map(part -> changes((long) part.first * PAGE, (long) part.end * PAGE))
                .toList();
        BitSet all = new BitSet();
        changed.forEach(all::or);
        all.stream()
                .forEach(number -> shadowed.set(
                        number, shadow.asSlice((long) number * PAGE, PAGE).mismatch(ZEROES) >= 0));
        present.andNot(shadowed);
        giveBack(present);
        return all;
    }

    /** Pages of zeroes; so many at most that the guest does not wait for it. */
    private void giveBack(BitSet zeroes) throws IOException {
        Holes known = holes;
        if (known == null) {
            return;
        }
        int runs = 0;
        for (int first = zeroes.nextSetBit(0); first >= 0 && runs < GIVEN_BACK_RUNS_MAX; runs++) {
            int end = zeroes.nextClearBit(first);
            if (!known.punch((long) first * PAGE, (long) (end - first) * PAGE)) {
                return;
            }
            first = zeroes.nextSetBit(end);
        }
    }

    /** Pages that follow one another. */
    private record Part(int first, int end) {}

    /** Of which each is small enough that all processors have something to do until the end. */
    private static List<Part> parts(BitSet pages) {
        List<Part> parts = new ArrayList<>();
        for (int first = pages.nextSetBit(0); first >= 0; first = pages.nextSetBit(first)) {
            int end = Math.min(pages.nextClearBit(first), first + PART_PAGES);
            parts.add(new Part(first, end));
            first = end;
        }
        return parts;
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
        return (BitSet) shadowed.clone();
    }

    /** Unmaps it; QEMU has ended. */
    @Override
    public void close() throws IOException {
        unlink();
        arena.close();
        channel.close();
        if (holes != null) {
            holes.close();
        }
    }
}
