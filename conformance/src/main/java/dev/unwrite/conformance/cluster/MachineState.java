package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Saved;
import dev.unwrite.image.PieceStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The saved state of a model machine: what is in each cell of its volumes, and of how many writes it has told the outside. */
final class MachineState implements Saved {
    /** Small, so that a state travels in parts. */
    static final int CHUNK_BYTES = 100;
    /** Small, so that a delta differs from a whole state. */
    static final int PAGE_BYTES = 64;

    private final int[] image;
    private final int said;
    private final long base;
    /** What is in the state of the base; nothing, if this is whole. */
    private final byte[] inBase;

    private boolean dropped;

    MachineState(int[] image, int said) {
        this(image, said, 0, null);
    }

    private MachineState(int[] image, int said, long base, @Nullable MachineState inBase) {
        this.image = image;
        this.said = said;
        this.base = base;
        this.inBase = inBase == null ? new byte[0] : inBase.flat();
    }

    /** The same as a delta on a state that was saved before, as that checkpoint. */
    MachineState on(long epoch, MachineState before) {
        return new MachineState(image, said, epoch, before);
    }

    @Override
    public boolean isDelta() {
        return base != 0;
    }

    long base() {
        return base;
    }

    int[] image() {
        return image;
    }

    int said() {
        return said;
    }

    /** Whether the host does not need it any more: what is being sent of it is not sent on. */
    boolean isDropped() {
        return dropped;
    }

    private byte[] flat() {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (image.length + 1));
        bytes.putInt(said);
        for (int value : image) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    /** Those pages that are not as in its base, or not zeroes. */
    ByteBuffer pieces() {
        byte[] flat = flat();
        byte[] before = Arrays.copyOf(inBase, flat.length);
        ByteBuffer pieces = ByteBuffer.allocate(2 * flat.length + PieceStream.HEAD_BYTES * 2);
        for (int at = 0; at < flat.length; at += PAGE_BYTES) {
            int end = Math.min(at + PAGE_BYTES, flat.length);
            if (Arrays.mismatch(flat, at, end, before, at, end) >= 0) {
                pieces.putLong(at).putInt(end - at).put(flat, at, end - at);
            }
        }
        return pieces.put(PieceStream.end(flat.length)).flip();
    }

    static MachineState of(byte[] state) {
        ByteBuffer bytes = ByteBuffer.wrap(state);
        int said = bytes.getInt();
        int[] image = new int[bytes.remaining() / Integer.BYTES];
        for (int i = 0; i < image.length; i++) {
            image[i] = bytes.getInt();
        }
        return new MachineState(image, said);
    }

    static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    @Override
    public void drop() {
        dropped = true;
    }
}
