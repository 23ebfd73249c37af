package dev.unwrite.chaos;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The folder of a run. An earlier run in it makes room; anything else in it is somebody's, and stays. */
public final class RunFolder {
    private static final String MARK = ".unwrite-run";
    private static final long FREE_BYTES_MIN = 256L << 20;

    private RunFolder() {}

    /** An empty folder, marked as that of a run. */
    public static Path prepare(Path folder) throws IOException {
        Path dir = folder.toAbsolutePath().normalize();
        if (Files.exists(dir) && !Files.isDirectory(dir)) {
            throw new ExitException(Exit.USAGE, dir + " is not a folder; give another one with --dir");
        }
        if (Files.isDirectory(dir) && !isEmpty(dir)) {
            if (!Files.exists(dir.resolve(MARK))) {
                throw new ExitException(
                        Exit.USAGE, dir + " has files that are not of an earlier run; give another folder with --dir");
            }
            Trees.empty(dir);
        }
        try {
            Files.createDirectories(dir);
            Files.writeString(dir.resolve(MARK), "A run of unwrite lives here; the next one replaces it.\n");
        } catch (IOException e) {
            throw new ExitException(
                    Exit.LACKING, "cannot write in " + dir + "; give another folder with --dir (" + e + ")", e);
        }
        if (Files.getFileStore(dir).getUsableSpace() < FREE_BYTES_MIN) {
            throw new ExitException(
                    Exit.LACKING, "less than 256 MiB are free at " + dir + "; give another folder with --dir");
        }
        return dir;
    }

    private static boolean isEmpty(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.findAny().isEmpty();
        }
    }
}
