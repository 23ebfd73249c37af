package dev.unwrite.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** How much space a file takes. */
public final class Sparse {
    private Sparse() {}

    /** What {@code stat} says; Java does not know. */
    public static long allocatedBytes(Path file) throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b %B", file.toString())
                .redirectErrorStream(true)
                .start();
        String[] said = new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .strip()
                .split(" ");
        return Long.parseLong(said[0]) * Long.parseLong(said[1]);
    }
}
