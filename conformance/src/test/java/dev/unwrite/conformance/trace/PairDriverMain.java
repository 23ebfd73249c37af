package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes traces of generated schedules into folders of the folder that is the argument; for code that may be wrong. */
final class PairDriverMain {
    private static final int STEPS = 6000;
    private static final int BLOCKS = 6;
    private static final long[] PLAIN = {17, 18};
    private static final long[] FAULTS = {11, 15, 25};

    private PairDriverMain() {}

    static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        for (long seed : FAULTS) {
            run(folder.resolve("faults-" + seed), seed, true);
        }
        for (long seed : PLAIN) {
            run(folder.resolve("plain-" + seed), seed, false);
        }
    }

    private static void run(Path folder, long seed, boolean faults) throws IOException {
        Files.createDirectories(folder);
        try {
            new PairDriver(folder, seed, faults, BLOCKS, 0).run(STEPS);
        } catch (RuntimeException | AssertionError e) {
            e.printStackTrace(System.out);
            System.out.println("caught: the driver fails in " + folder.getFileName() + ": " + e);
            System.exit(1);
        }
    }
}
