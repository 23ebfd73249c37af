package dev.unwrite.conformance.sim;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite simulate}. */
@Command(
        name = "simulate",
        description = {
            "Runs the protocol core, the undo log, the checkpoint store and the ownership in one thread against a"
                    + " simulated network, disks and crashes, and checks every property after every move.",
            "Exits with 0 if no run breaks a property, with 1 if one does; it is made shorter and printed then.",
        },
        mixinStandardHelpOptions = true)
public final class SimulateCommand implements Callable<Integer> {
    /** So much do the clocks of some runs differ: an event takes a microsecond in simulated time. */
    private static final int SKEW_MICROS = 40;

    private static final int TRIES_TO_SHRINK = 6_000;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--seed", defaultValue = "1", description = "The first run's seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--runs", defaultValue = "10000", description = "So many runs (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seconds", defaultValue = "60", description = "No longer than that (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--replay",
            paramLabel = "MOVES",
            description = "Make these moves, as a failed run printed them, and tell what happens after each.")
    private @Nullable String replay;

    @Option(
            names = "--trace",
            paramLabel = "DIR",
            description = "Write the traces of each run into a folder DIR/SEED, or those of --replay into DIR.")
    private @Nullable Path trace;

    @Option(
            names = "--recorded",
            paramLabel = "DIR",
            description =
                    "Go through what a campaign, a demo, or any group recorded in DIR (traces of both nodes and of"
                            + " the storage, from the group's beginning), and check every property after every move.")
    private @Nullable Path recorded;

    @Option(
            names = "--from",
            paramLabel = "SECONDS",
            description =
                    "With --recorded: tell what happens from here on, counted from the beginning of the recording.")
    private @Nullable Double from;

    @Option(names = "--to", paramLabel = "SECONDS", description = "With --recorded: the recording ends here.")
    private @Nullable Double to;

    @Option(
            names = "--moves",
            paramLabel = "FILE",
            description = "With --recorded: write the moves there; \"--replay @FILE\" makes them again.")
    private @Nullable Path moves;

    /** Called by picocli. */
    public SimulateCommand() {}

    /** The same without the rest of the command line. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SimulateCommand()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (runs < 1 || seconds < 1) {
            throw new ExitException(Exit.USAGE, "--runs and --seconds must be at least 1");
        }
        Path recording = recorded;
        if (recording != null && replay != null) {
            throw new ExitException(Exit.USAGE, "--recorded and --replay are two runs: give one of them");
        }
        if (recording == null && (from != null || to != null || moves != null)) {
            throw new ExitException(Exit.USAGE, "--from, --to and --moves go with --recorded DIR");
        }
        if (recording != null) {
            return new RecordedScreen(out(), from, to, moves).show(recording);
        }
        return replay == null ? search() : replayed(replay);
    }

    private int search() throws IOException {
        long start = System.nanoTime();
        long end = start + seconds * 1_000_000_000L;
        Counts counts = new Counts();
        long done = 0;
        while (done < runs && System.nanoTime() < end) {
            List<Move> moves = Schedule.of(seed + done);
            try {
                counts.add(SimRun.of(moves, tracing(seed + done)));
            } catch (Violation e) {
                return tell(seed + done, moves, e);
            }
            done++;
        }
        double took = (System.nanoTime() - start) / 1e9;
        out().printf(
                        Locale.ROOT,
                        "%d runs from seed %d: %s, %d lost to more faults than are survived%n",
                        done,
                        seed,
                        counts,
                        counts.lost());
        out().printf(Locale.ROOT, "%.0f failovers a second, %.1f s%n", counts.failovers() / took, took);
        out().flush();
        return Exit.OK;
    }

    private Tracing tracing(long of) throws IOException {
        return trace == null
                ? Tracing.NONE
                : Tracing.into(Files.createDirectories(trace.resolve(Long.toString(of))), of % 3 * SKEW_MICROS);
    }

    private int tell(long of, List<Move> moves, Violation found) {
        out().println("seed " + of + ": " + found.getMessage());
        out().flush();
        List<Move> shortest = Shrinker.shrink(moves, found.property(), TRIES_TO_SHRINK);
        Violation violation = SimRun.violation(shortest);
        String line = shortest.stream().map(Move::toString).collect(Collectors.joining(","));
        out().println("seed " + of + ", " + moves.size() + " moves, shortened to " + shortest.size() + ":");
        steps(shortest);
        out().println("again: unwrite simulate --replay " + line);
        out().println("caught: in " + shortest.size() + " moves: "
                + (violation == null ? found : violation).getMessage());
        out().flush();
        return Exit.FAILED;
    }

    private int replayed(String text) throws IOException {
        List<Move> moves;
        try {
            moves = Move.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        }
        if (trace != null) {
            Files.createDirectories(trace);
            try {
                SimRun.of(moves, Tracing.into(trace, 0));
            } catch (Violation e) {
                // It is told below.
            }
        }
        Violation violation = steps(moves);
        out().println(violation == null ? "no property is broken" : "caught: " + violation.getMessage());
        out().flush();
        return violation == null ? Exit.OK : Exit.FAILED;
    }

    /** Tells the world after each move. */
    private @Nullable Violation steps(List<Move> moves) {
        SimWorld world = SimWorld.of(moves, Tracing.NONE);
        int number = 0;
        try {
            for (Move move : moves) {
                world.move(move);
                out().printf(Locale.ROOT, "%3d. %-16s %s%n", ++number, move, world);
            }
            world.finish();
            return null;
        } catch (Violation e) {
            String where = number < moves.size() ? moves.get(number).toString() : "(no faults)";
            out().printf(Locale.ROOT, "%3d. %-16s %s%n", number + 1, where, e.getMessage());
            return e;
        }
    }

    private PrintWriter out() {
        return java.util.Objects.requireNonNull(spec).commandLine().getOut();
    }
}
