package dev.unwrite.checkpoint;

import dev.unwrite.checkpoint.CheckpointFiles.StateFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/** The first page of a checkpoint file: the {@link StoredCheckpoint}, with a checksum at the end. The state follows. */
final class CheckpointHeader {
    /** The state begins here. */
    static final int BYTES = 4096;

    private static final long MAGIC = 0x554E_5752_4348_4B50L; // "UNWRCHKP"
    private static final int VERSION = 2;
    private static final int CRC_AT = BYTES - Integer.BYTES;

    private CheckpointHeader() {}

    static ByteBuffer encode(StoredCheckpoint checkpoint) throws CheckpointException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(MAGIC);
            out.writeInt(VERSION);
            out.writeLong(checkpoint.term());
            out.writeLong(checkpoint.epoch());
            out.writeLong(checkpoint.length());
            out.writeLong(checkpoint.crc32c());
            out.writeLong(checkpoint.base());
            out.writeLong(checkpoint.imageBytes());
            out.writeInt(checkpoint.meta().size());
            for (Map.Entry<String, String> entry : checkpoint.meta().entrySet()) {
                out.writeUTF(entry.getKey());
                out.writeUTF(entry.getValue());
            }
        } catch (IOException e) {
            throw new CheckpointException("what goes with the checkpoint is too long", e);
        }
        if (bytes.size() > CRC_AT) {
            throw new CheckpointException(
                    "what goes with the checkpoint takes " + bytes.size() + " bytes; at most " + CRC_AT);
        }
        byte[] page = Arrays.copyOf(bytes.toByteArray(), BYTES);
        ByteBuffer buffer = ByteBuffer.wrap(page);
        return buffer.putInt(CRC_AT, crc(page));
    }

    static StoredCheckpoint read(StateFile file, String path) throws IOException {
        byte[] bytes = new byte[BYTES];
        ByteBuffer page = ByteBuffer.wrap(bytes);
        while (page.hasRemaining() && file.read(page.position(), page) >= 0) {
            // Until the page is full.
        }
        if (page.hasRemaining()) {
            throw new CorruptCheckpointException(path, "it has only " + page.position() + " bytes");
        }
        if (page.getLong(0) != MAGIC) {
            throw new CorruptCheckpointException(path, "it does not begin as a checkpoint of unwrite does");
        }
        if (page.getInt(8) != VERSION) {
            throw new CheckpointException(
                    path + " has format " + page.getInt(8) + "; this version of unwrite reads format " + VERSION);
        }
        if (page.getInt(CRC_AT) != crc(bytes)) {
            throw new CorruptCheckpointException(path, "its header does not match its checksum");
        }
        StoredCheckpoint checkpoint = decode(bytes);
        if (file.size() != BYTES + checkpoint.length()) {
            throw new CorruptCheckpointException(
                    path, "it should have " + (BYTES + checkpoint.length()) + " bytes and has " + file.size());
        }
        return checkpoint;
    }

    private static StoredCheckpoint decode(byte[] page) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(page))) {
            in.skipNBytes(Long.BYTES + Integer.BYTES);
            long term = in.readLong();
            long epoch = in.readLong();
            long length = in.readLong();
            long crc = in.readLong();
            long base = in.readLong();
            long imageBytes = in.readLong();
            Map<String, String> meta = new HashMap<>();
            for (int left = in.readInt(); left > 0; left--) {
                String key = in.readUTF();
                meta.put(key, in.readUTF());
            }
            return new StoredCheckpoint(term, epoch, length, crc, base, imageBytes, meta);
        }
    }

    private static int crc(byte[] page) {
        CRC32C crc = new CRC32C();
        crc.update(page, 0, CRC_AT);
        return (int) crc.getValue();
    }
}
