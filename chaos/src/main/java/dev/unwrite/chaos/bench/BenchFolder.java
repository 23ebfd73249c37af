package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.RunFolder;
import dev.unwrite.chaos.Trees;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where the disks lie; they go when it is closed, and with them the whole folder unless somebody asked for it. */
final class BenchFolder implements Closeable {
    private static final Path OTHER = Path.of("/var/tmp");

    private final Path dir;
    private final boolean isTemporary;

    private BenchFolder(Path dir, boolean isTemporary) {
        this.dir = dir;
        this.isTemporary = isTemporary;
    }

    /** The folder that was given, or a new one on a disk. */
    static BenchFolder make(@Nullable Path given) throws IOException {
        if (given != null) {
            return new BenchFolder(RunFolder.prepare(given), false);
        }
        Path usual = Path.of(System.getProperty("java.io.tmpdir"));
        Path parent = Needs.isMemory(usual) && Files.isWritable(OTHER) ? OTHER : usual;
        return new BenchFolder(Files.createTempDirectory(parent, "unwrite-bench"), true);
    }

    /** For the disks, sockets and data. */
    Path work() throws IOException {
        return Files.createDirectories(dir.resolve("w"));
    }

    /** For what the processes print. */
    Path logs() {
        return dir.resolve("log");
    }

    /** Beside the logs, or where the user stands if the folder goes. */
    Path json() {
        return isTemporary ? Path.of("bench.json").toAbsolutePath() : dir.resolve("bench.json");
    }

    Path dir() {
        return dir;
    }

    @Override
    public void close() throws IOException {
        Path old = isTemporary ? dir : dir.resolve("w");
        if (Files.exists(old)) {
            Trees.delete(old);
        }
    }
}
