package dev.unwrite.checkpoint;

import dev.unwrite.checkpoint.CheckpointFiles.StateFile;
import dev.unwrite.image.BulkStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Reads a state; the read that reaches the end fails if the state is damaged. */
final class VerifiedState extends BulkStream {
    private final StateFile file;
    private final StoredCheckpoint checkpoint;
    private final String path;
    private final CRC32C crc = new CRC32C();
    private long position;

    VerifiedState(StateFile file, StoredCheckpoint checkpoint, String path) {
        this.file = file;
        this.checkpoint = checkpoint;
        this.path = path;
    }

    @Override
    protected int some(byte[] target, int offset, int length) throws IOException {
        long left = checkpoint.length() - position;
        if (left == 0) {
            verify();
            return -1;
        }
        int wanted = (int) Math.min(left, length);
        int count = file.read(CheckpointHeader.BYTES + position, ByteBuffer.wrap(target, offset, wanted));
        if (count < 0) {
            throw new CorruptCheckpointException(path, "it ends after " + position + " bytes of the state");
        }
        crc.update(target, offset, count);
        position += count;
        return count;
    }

    private void verify() throws CorruptCheckpointException {
        if (crc.getValue() != checkpoint.crc32c()) {
            throw new CorruptCheckpointException(path, "the state does not match its checksum");
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
