package dev.unwrite.chaos.check;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Finds the copies of the disk that nodes leave with {@code --witness}: {@code image-TERM-EPOCH.bin} at a cut, {@code
 * restored-TERM-EPOCH.bin} after a rollback. They appear whole, by rename.
 */
public final class WitnessFiles {
    private WitnessFiles() {}

    /** The two copies around a takeover, as far as they are there. */
    public static ObservedTakeover.Witness find(Path ofDead, long deadTerm, Path ofNext, long nextTerm)
            throws IOException {
        Path restored = null;
        long epoch = -1;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(ofNext, "restored-" + nextTerm + "-*.bin")) {
            for (Path file : files) {
                restored = file;
                epoch = epoch(file);
            }
        }
        Path image = epoch < 0 ? null : existing(ofDead.resolve("image-" + deadTerm + "-" + epoch + ".bin"));
        return new ObservedTakeover.Witness(epoch, image, restored);
    }

    private static @Nullable Path existing(Path file) {
        return Files.exists(file) ? file : null;
    }

    private static long epoch(Path file) throws IOException {
        String name = String.valueOf(file.getFileName());
        try {
            return Long.parseLong(name.substring(name.lastIndexOf('-') + 1, name.length() - ".bin".length()));
        } catch (NumberFormatException e) {
            throw new IOException("not the name of a copy of the disk: " + file, e);
        }
    }
}
