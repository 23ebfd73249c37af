package dev.unwrite.machine.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what each page of the guest's memory was at each cut, and after a resume before the guest runs, taken from the
 * memory itself and not from what is mirrored of it: for tests, that name the folder in the system property
 * {@code unwrite.guest.pages}. Files are {@code cut-EPOCH} and {@code resumed}, four bytes (CRC32C) for each page.
 */
final class PageWitness {
    private static final @Nullable Path FOLDER = folder();

    private PageWitness() {}

    private static @Nullable Path folder() {
        String folder = System.getProperty("unwrite.guest.pages");
        return folder == null ? null : Path.of(folder);
    }

    static void cut(long epoch, GuestMemory memory) throws IOException {
        if (FOLDER != null) {
            write(FOLDER, "cut-" + epoch, memory);
        }
    }

    static void resumed(GuestMemory memory) throws IOException {
        if (FOLDER != null) {
            write(FOLDER, "resumed", memory);
        }
    }

    private static void write(Path folder, String name, GuestMemory memory) throws IOException {
        Path part = folder.resolve(name + ".part");
        Files.write(part, memory.sums());
        Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
