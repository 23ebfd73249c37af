package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Saved;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The saved state of a model machine: what is in each cell of its volumes, and of how many writes it has told the outside. */
final class MachineState implements Saved {
    /** Small, so that a state travels in parts. */
    static final int CHUNK_BYTES = 100;

    private final int[] image;
    private final int said;
    private boolean dropped;

    MachineState(int[] image, int said) {
        this.image = image;
        this.said = said;
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

    ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (image.length + 1));
        bytes.putInt(said);
        for (int value : image) {
            bytes.putInt(value);
        }
        return bytes.flip();
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
