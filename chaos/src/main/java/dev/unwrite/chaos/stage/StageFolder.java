package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The folder of a run, as every stage lays it out, and the disks in it. */
final class StageFolder {
    private static final String DISKLESS = "clients";

    private final Path dir;
    private final Path script;
    private final boolean disks;
    private final long diskBytes;

    private StageFolder(Path dir, boolean disks, long diskBytes) {
        this.dir = dir;
        this.disks = disks;
        this.diskBytes = diskBytes;
        this.script = Launch.script(dir);
    }

    /** Makes all folders. */
    static StageFolder make(Path dir, long diskBytes) {
        for (String folder : List.of("data", "log", "clock", "errors", "trace", "witness", "disk")) {
            make(dir.resolve(folder));
        }
        return new StageFolder(dir, LoopDisk.possible(), diskBytes);
    }

    private static Path make(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path dir() {
        return dir;
    }

    /** Starts every program; {@link Launch} says what it does. */
    Path script() {
        return script;
    }

    /** Whether computers have disks of their own. */
    boolean hasDisks() {
        return disks;
    }

    Path data(String name) {
        return dir.resolve("data").resolve(name);
    }

    /** Makes the data folder of a computer, and the disk that it is on; null where it has none of its own. */
    @Nullable
    LoopDisk disk(String name) {
        Path data = make(data(name));
        return disks && !name.equals(DISKLESS) ? LoopDisk.make(dir.resolve("disk"), name, data, diskBytes) : null;
    }
}
