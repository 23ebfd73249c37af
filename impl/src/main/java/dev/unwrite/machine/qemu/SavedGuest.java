package dev.unwrite.machine.qemu;

import dev.unwrite.image.PieceStream;
import dev.unwrite.machine.Machine;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A guest as mirrored state. Its image: a page with magic, version, what it fits on ({@link Fit}) and the length of the state of
 * the devices, big-endian; the memory; the state of the devices.
 */
final class SavedGuest implements Machine.Saved {
    private static final int PAGE = GuestMemory.PAGE;
    private static final int MAGIC = 0x5557564D; // UWVM
    private static final int VERSION = 2;
    private static final int DEVICES_BYTES_MAX = 256 << 20;
    private static final int WORD_BYTES_MAX = 256;
    private static final int RUN_PAGES_MAX = 64;

    private final boolean delta;
    private final long imageBytes;
    /** Pages of the image, ascending, and what is in them, one after the other. */
    private final int[] numbers;

    private final MemorySegment contents;
    private final Arena arena;

    /**
     * What must be alike on both hosts.
     *
     * @param qemu its version
     * @param file hash of the {@link GuestFile}
     * @param ramBytes of the guest
     */
    record Fit(String qemu, String file, long ramBytes) {
        /** In a few words, in which two hosts compare it before there is a state. */
        String words() {
            return "qemu " + qemu + " with " + (ramBytes >> 20) + " MiB and arguments of hash " + file;
        }

        /** Why the guest of {@code other} cannot go on here, in one line, or nothing. */
        String differs(Fit other) {
            if (!file.equals(other.file)) {
                return "the guest was started with other arguments than the file of --machine has here (hash "
                        + other.file + " there, " + file + " here); give both hosts the same file";
            }
            if (!qemu.equals(other.qemu)) {
                return "the guest ran on QEMU " + other.qemu + ", here is " + qemu + "; install the same on both hosts";
            }
            return ramBytes == other.ramBytes
                    ? ""
                    : "the guest has " + other.ramBytes + " bytes of memory, here are " + ramBytes;
        }
    }

    /** Of these pages, which it copies. */
    SavedGuest(boolean delta, GuestImage image, BitSet pages) {
        this.delta = delta;
        this.imageBytes = image.bytes();
        this.numbers = pages.stream().toArray();
        this.arena = Arena.ofShared();
        this.contents = arena.allocate(Math.max(1, (long) numbers.length * PAGE), PAGE);
        for (int i = 0; i < numbers.length; i++) {
            image.copy(numbers[i], contents, (long) i * PAGE);
        }
    }

    @Override
    public boolean isDelta() {
        return delta;
    }

    /** How many pages it carries. */
    int pages() {
        return numbers.length;
    }

    /** The first page of the image of a guest whose devices have a state of that length. */
    static byte[] head(Fit fit, int devices) {
        byte[] qemu = fit.qemu.getBytes(StandardCharsets.UTF_8);
        byte[] file = fit.file.getBytes(StandardCharsets.UTF_8);
        byte[] page = new byte[PAGE];
        ByteBuffer.wrap(page)
                .putInt(MAGIC)
                .putInt(VERSION)
                .putInt(qemu.length)
                .put(qemu)
                .putInt(file.length)
                .put(file)
                .putLong(fit.ramBytes)
                .putInt(devices);
        return page;
    }

    @Override
    public PieceStream pieces() {
        return new Runs();
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Pages that follow one another are one piece. */
    private final class Runs extends PieceStream {
        private final ByteBuffer piece = ByteBuffer.allocate(HEAD_BYTES + RUN_PAGES_MAX * PAGE);
        private int next;
        private boolean ended;

        @Override
        protected @Nullable ByteBuffer next() {
            if (next == numbers.length) {
                boolean first = !ended;
                ended = true;
                return first ? end(imageBytes) : null;
            }
            int from = next;
            while (next < numbers.length
                    && next - from < RUN_PAGES_MAX
                    && numbers[next] - numbers[from] == next - from) {
                next++;
            }
            long offset = (long) numbers[from] * PAGE;
            int length = (int) Math.min((long) (next - from) * PAGE, imageBytes - offset);
            piece.clear().putLong(offset).putInt(length);
            MemorySegment.copy(contents, ValueLayout.JAVA_BYTE, (long) from * PAGE, piece.array(), HEAD_BYTES, length);
            return piece.limit(HEAD_BYTES + length).position(0);
        }
    }

    /** Makes a memory that of an image, and returns the state of the devices. */
    static byte[] restore(InputStream image, Fit here, GuestMemory memory) throws IOException {
        try {
            return restore(new DataInputStream(new BufferedInputStream(image, 1 << 20)), here, memory);
        } catch (EOFException e) {
            throw new IOException("the mirrored state is damaged: it ends too early", e);
        }
    }

    private static byte[] restore(DataInputStream in, Fit here, GuestMemory memory) throws IOException {
        int length = devices(new DataInputStream(new ByteArrayInputStream(exactly(PAGE, in))), here);
        byte[] page = new byte[PAGE];
        MemorySegment content = MemorySegment.ofArray(page);
        BitSet present = memory.present();
        for (int number = 0; number < memory.size() / PAGE; number++) {
            in.readFully(page);
            memory.restore(number, content, present);
        }
        byte[] devices = exactly(length, in);
        if (in.read() >= 0) {
            throw new IOException("the mirrored state is damaged: there is more than there should be");
        }
        return devices;
    }

    private static int devices(DataInputStream head, Fit here) throws IOException {
        if (head.readInt() != MAGIC) {
            throw new IOException("the mirrored state is not that of a guest of QEMU: another --machine was here");
        }
        int version = head.readInt();
        if (version != VERSION) {
            throw new IOException("the mirrored state has version " + version + ", known is " + VERSION);
        }
        String differs = here.differs(new Fit(word(head), word(head), head.readLong()));
        if (!differs.isEmpty()) {
            throw new IOException(differs);
        }
        int length = head.readInt();
        if (length < 0 || length > DEVICES_BYTES_MAX) {
            throw new IOException("the mirrored state is damaged: devices of " + length + " bytes");
        }
        return length;
    }

    private static byte[] exactly(int length, DataInputStream in) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    private static String word(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > WORD_BYTES_MAX) {
            throw new IOException("the mirrored state is damaged: a word of " + length + " bytes");
        }
        return new String(exactly(length, in), StandardCharsets.UTF_8);
    }
}
