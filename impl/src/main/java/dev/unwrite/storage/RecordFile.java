package dev.unwrite.storage;

import dev.unwrite.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A small text in a file that is replaced as a whole: a line of JSON, and a line with the CRC-32C of the first.
 * A reader finds the old text or the new one, whenever the machine stops.
 */
final class RecordFile {
    /** The largest file that is read, in bytes; what is larger was not written here. */
    static final int BYTES_MAX = 16 << 20;

    private RecordFile() {}

    /** The file could not be replaced, and whether the old or the new text is there is not known. */
    static final class UncertainException extends IOException {
        UncertainException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Reads the first line; throws {@link StorageSetupException} if the file is damaged. */
    static String read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > BYTES_MAX) {
            throw damaged(file, "it is " + size + " bytes long");
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        int end = text.indexOf('\n');
        if (end < 0) {
            throw damaged(file, "it has no checksum");
        }
        String line = text.substring(0, end);
        if (!text.substring(end + 1).equals(checksum(line) + "\n")) {
            throw damaged(file, "its checksum does not match");
        }
        return new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /**
     * Replaces the file. On return the new text is durable. Throws {@link UncertainException} if either text may be
     * found after a restart; any other exception means that the old one is untouched.
     */
    static void write(Path file, String line) throws IOException {
        String bytes = new String(line.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        byte[] text = (bytes + "\n" + checksum(bytes) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        Path tmp = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel channel = PrivateFiles.open(
                tmp, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(text);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        try {
            Files.move(tmp, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncFolderOf(file);
        } catch (IOException e) {
            throw new UncertainException("cannot tell whether " + file + " was replaced: " + e.getMessage(), e);
        }
    }

    /** Makes the names in the folder of {@code file} durable. */
    static void syncFolderOf(Path file) throws IOException {
        Path folder = file.toAbsolutePath().resolveSibling("");
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static StorageSetupException damaged(Path file, String why) {
        return new StorageSetupException(file + " is damaged (" + why
                + "): put back a copy that is known to be its latest; if there is none, make sure that no node runs, then"
                + " start with an empty --data folder and claim the group anew with `unwrite node --bootstrap`");
    }

    private static String checksum(String latin1) {
        CRC32C crc = new CRC32C();
        crc.update(latin1.getBytes(StandardCharsets.ISO_8859_1));
        return String.format("crc32c=%08x", crc.getValue());
    }
}
