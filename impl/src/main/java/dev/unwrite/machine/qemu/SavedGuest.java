package dev.unwrite.machine.qemu;

import dev.unwrite.machine.Machine;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/**
 * A guest as mirrored state: magic, version, what it fits on ({@link Fit}), the state of the devices (length, bytes), then pages
 * (number, 4096 bytes), those of zeroes left out, and -1. Numbers are big-endian.
 */
final class SavedGuest implements Machine.Saved {
    private static final int MAGIC = 0x5557564D; // UWVM
    private static final int VERSION = 1;
    private static final int DEVICES_BYTES_MAX = 256 << 20;
    private static final int WORD_BYTES_MAX = 256;
    /** In place of a page's number. */
    private static final int END = -1;

    private final Fit fit;
    private final byte[] devices;
    private final GuestMemory.Pages pages;

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

    /** The pages are closed with it. */
    SavedGuest(Fit fit, byte[] devices, GuestMemory.Pages pages) {
        this.fit = fit;
        this.devices = devices;
        this.pages = pages;
    }

    @Override
    public InputStream open() {
        byte[] qemu = fit.qemu.getBytes(StandardCharsets.UTF_8);
        byte[] file = fit.file.getBytes(StandardCharsets.UTF_8);
        ByteBuffer head = ByteBuffer.allocate(4 + 4 + 4 + qemu.length + 4 + file.length + 8 + 4);
        head.putInt(MAGIC)
                .putInt(VERSION)
                .putInt(qemu.length)
                .put(qemu)
                .putInt(file.length)
                .put(file);
        head.putLong(fit.ramBytes).putInt(devices.length);
        List<InputStream> parts = List.of(
                new ByteArrayInputStream(head.array()), new ByteArrayInputStream(devices), new PageStream(pages));
        Enumeration<InputStream> all = Collections.enumeration(parts);
        return new SequenceInputStream(all);
    }

    @Override
    public void close() {
        pages.close();
    }

    /** One page after the other, as bytes. */
    private static final class PageStream extends InputStream {
        private static final int RECORD = 4 + GuestMemory.PAGE;

        private final GuestMemory.Pages pages;
        private final ByteBuffer record = ByteBuffer.allocate(RECORD).limit(0);
        private int next;
        private boolean ended;

        PageStream(GuestMemory.Pages pages) {
            this.pages = pages;
        }

        private boolean fill() {
            if (record.hasRemaining()) {
                return true;
            }
            if (ended) {
                return false;
            }
            int number = pages.next(next);
            record.clear().putInt(number < 0 ? END : number);
            if (number < 0) {
                ended = true;
            } else {
                MemorySegment.copy(
                        pages.bytes(),
                        ValueLayout.JAVA_BYTE,
                        (long) number * GuestMemory.PAGE,
                        record.array(),
                        4,
                        GuestMemory.PAGE);
                record.position(RECORD);
                next = number + 1;
            }
            record.flip();
            return true;
        }

        @Override
        public int read() {
            return fill() ? record.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int from, int most) {
            if (most == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(most, record.remaining());
            record.get(target, from, count);
            return count;
        }
    }

    /** Makes a memory that of a state, zeroes where it has no page, and returns the state of the devices. */
    static byte[] restore(InputStream state, Fit here, GuestMemory memory) throws IOException {
        try {
            return restore(new DataInputStream(new BufferedInputStream(state, 1 << 20)), here, memory);
        } catch (EOFException e) {
            throw new IOException("the mirrored state is damaged: it ends too early", e);
        }
    }

    private static byte[] restore(DataInputStream in, Fit here, GuestMemory memory) throws IOException {
        if (in.readInt() != MAGIC) {
            throw new IOException("the mirrored state is not that of a guest of QEMU: another --machine was here");
        }
        int version = in.readInt();
        if (version != VERSION) {
            throw new IOException("the mirrored state has version " + version + ", known is " + VERSION);
        }
        String differs = here.differs(new Fit(word(in), word(in), in.readLong()));
        if (!differs.isEmpty()) {
            throw new IOException(differs);
        }
        int length = in.readInt();
        if (length < 0 || length > DEVICES_BYTES_MAX) {
            throw new IOException("the mirrored state is damaged: devices of " + length + " bytes");
        }
        byte[] devices = exactly(length, in);
        byte[] page = new byte[GuestMemory.PAGE];
        long last = memory.size() / GuestMemory.PAGE - 1;
        long next = 0;
        for (int number = in.readInt(); number != END; number = in.readInt()) {
            if (number < next || number > last) {
                throw new IOException("the mirrored state is damaged: page " + number + " after " + (next - 1));
            }
            memory.zero(next, number);
            in.readFully(page);
            MemorySegment.copy(page, 0, memory.page(number), ValueLayout.JAVA_BYTE, 0, page.length);
            next = number + 1L;
        }
        memory.zero(next, last + 1);
        if (in.read() >= 0) {
            throw new IOException("the mirrored state is damaged: there is more than there should be");
        }
        return devices;
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
