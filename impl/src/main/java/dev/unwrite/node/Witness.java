package dev.unwrite.node;

import dev.unwrite.files.PrivateFiles;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Copies the volumes at each cut, while the machine stands still, and after each rollback, before it runs, so that a
 * harness can compare the two byte for byte. Only for tests: it reads whole volumes. The copies of the last cuts are kept.
 */
final class Witness {
    private static final int KEEP = 64;
    private static final int PIECE = 1 << 20;

    private final Path folder;
    private final StorageShell storage;
    private final Deque<Path> images = new ArrayDeque<>();

    Witness(Path folder, StorageShell storage) throws IOException {
        this.storage = storage;
        this.folder = PrivateFiles.createFolder(folder);
    }

    /** The volumes at the cut that begins the epoch. */
    void cut(long term, long epoch, long session) throws IOException {
        images.addLast(copy("image-" + term + "-" + epoch, session));
        while (images.size() > KEEP) {
            Files.deleteIfExists(images.removeFirst());
        }
    }

    /** The volumes after the rollback to the checkpoint that begins the epoch. */
    void restored(long term, long epoch, long session) throws IOException {
        copy("restored-" + term + "-" + epoch, session);
    }

    private Path copy(String name, long session) throws IOException {
        Path whole = folder.resolve(name + ".bin");
        Path part = folder.resolve(name + ".part");
        try (FileChannel out = PrivateFiles.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            OpenSession open = storage.session(session);
            if (open == null) {
                throw new IOException("the session was closed");
            }
            for (SharedStorage.Volume volume : open.told().volumes()) {
                copy(open.volume(volume.id()), out);
            }
        }
        return Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void copy(BlockDevice volume, FileChannel out) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        for (long at = 0; at < volume.size(); at += PIECE) {
            piece.clear().limit((int) Math.min(PIECE, volume.size() - at));
            volume.read(at, piece);
            piece.flip();
            while (piece.hasRemaining()) {
                out.write(piece);
            }
        }
    }
}
