package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes traces of generated schedules into folders of the folder that is the first argument; for code that may be wrong.
 * The others name the schedules: {@code plain-SEED}, or {@code faults-SEED} for one with crashes.
 */
final class PairDriverMain {
    private static final int STEPS = 6000;
    private static final int BLOCKS = 6;
    private static final List<String> SCHEDULES =
            List.of("faults-11", "faults-15", "faults-25", "plain-17", "plain-28");

    private PairDriverMain() {}

    static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        List<String> schedules = args.length > 1 ? List.of(args).subList(1, args.length) : SCHEDULES;
        for (String schedule : schedules) {
            String[] parts = schedule.split("-");
            run(folder.resolve(schedule), Long.parseLong(parts[1]), parts[0].equals("faults"));
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
