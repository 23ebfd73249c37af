package dev.unwrite.conformance.cluster;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs many seeds of the simulated cluster. */
@Command(
        name = "simulate",
        description = {
            "Runs two hosts as they ship, with undo log, checkpoint store, storage core and frames, in one thread against a"
                    + " simulated network, disks, clients and crashes, and checks every property after every move.",
            "Exits with 0 if no run breaks a property, with 1 if one does; it is made shorter and printed then.",
        },
        mixinStandardHelpOptions = true)
public final class SimulateCommand implements Callable<Integer> {
    /** So much do the clocks of some runs differ: an event takes a microsecond in simulated time. */
    private static final int SKEW_MICROS = 40;

    private static final int TRIES_TO_SHRINK = 2_000;
    private static final long PROGRESS_NANOS = 10_000_000_000L;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--seed", defaultValue = "1", description = "The first run's seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--runs", defaultValue = "10000", description = "So many runs (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seconds", defaultValue = "60", description = "No longer than that (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--slip", defaultValue = "NONE", hidden = true, description = "A planted mistake.")
    private Slip slip = Slip.NONE;

    @Option(names = "--survey", hidden = true, description = "Go on after a violation; one line for each.")
    private boolean survey;

    @Option(names = "--first", hidden = true, description = "End at the first violation, as it is.")
    private boolean first;

    @Option(
            names = "--replay",
            paramLabel = "MOVES",
            description = "Make these moves, as a failed run printed them, or those of seed:NUMBER, and tell what"
                    + " happens after each.")
    private @Nullable String replay;

    @Option(
            names = "--trace",
            paramLabel = "DIR",
            description =
                    "Write the traces of each run into a folder DIR/SEED, or those of --replay into DIR. Runs of seeds"
                            + " leave out damage that the specification does not know.")
    private @Nullable Path trace;

    @Option(
            names = "--recorded",
            paramLabel = "DIR",
            description = "Repeat what struck and what was asked for in a campaign, or in any group recorded in DIR"
                    + " (traces of both nodes and of the storage, from the group's beginning), each at its time.")
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

    @Option(
            names = "--story",
            paramLabel = "FILE",
            description =
                    "Tell the story in this file: its commands, and what happens now. Exits with 1 if the file says"
                            + " otherwise.")
    private @Nullable Path story;

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
            return new RecordedScreen(out(), slip).show(recording, from, to, moves);
        }
        if (story != null) {
            return told(story);
        }
        return replay == null ? search() : replayed(replay);
    }

    private int search() throws IOException {
        long start = System.nanoTime();
        double processor = processorSeconds();
        long end = start + seconds * 1_000_000_000L;
        Counts counts = new Counts();
        long done = 0;
        int broken = 0;
        long told = start;
        while (done < runs && System.nanoTime() < end) {
            if (System.nanoTime() - told > PROGRESS_NANOS) {
                told = System.nanoTime();
                progress(done, counts, (told - start) / 1e9);
            }
            List<Move> run = trace == null ? Schedule.of(seed + done) : Schedule.traced(seed + done);
            try {
                counts.add(Run.of(run, tracing(seed + done), slip));
            } catch (Violation e) {
                broken++;
                if (!survey && !first) {
                    return tell(seed + done, run, e);
                }
                String message = String.valueOf(e.getMessage());
                out().println((first ? "caught: seed " : "seed ") + (seed + done) + ": "
                        + message.substring(0, Math.min(260, message.length())));
                out().flush();
                if (first) {
                    return Exit.FAILED;
                }
            }
            done++;
        }
        double took = (System.nanoTime() - start) / 1e9;
        out().printf(Locale.ROOT, "%d runs from seed %d: %s%n", done, seed, counts);
        out().printf(
                        Locale.ROOT,
                        "%.1f runs a second, %.1f s; %d failovers, %.0f a second of processor time; %d broken%n",
                        done / took,
                        took,
                        counts.failovers(),
                        counts.failovers() / (processorSeconds() - processor),
                        broken);
        out().flush();
        return broken == 0 ? Exit.OK : Exit.FAILED;
    }

    /** Who stops it knows how far it came. */
    private void progress(long done, Counts counts, double seconds) {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        err.printf(
                Locale.ROOT,
                "%.0f s: seeds %d to %d, %d failovers%n",
                seconds,
                seed,
                seed + done - 1,
                counts.failovers());
        err.flush();
    }

    /** What this process has taken of all processors, compiler and garbage collection included. */
    private static double processorSeconds() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(taken -> taken.toNanos() / 1e9)
                .orElse(Double.NaN);
    }

    private Tracing tracing(long of) throws IOException {
        return trace == null
                ? Tracing.NONE
                : Tracing.into(Files.createDirectories(trace.resolve(Long.toString(of))), of % 3 * SKEW_MICROS);
    }

    private int tell(long of, List<Move> run, Violation found) {
        out().println("seed " + of + ": " + found.getMessage());
        out().flush();
        List<Move> shortest = Shrinker.shrink(run, found.property(), slip, TRIES_TO_SHRINK);
        Violation violation = Run.violation(shortest, slip);
        out().println("seed " + of + ", " + run.size() + " moves, shortened to " + shortest.size() + ":");
        steps(shortest);
        out().println("again: unwrite simulate --replay " + RecordedScreen.line(shortest));
        out().println("caught: in " + shortest.size() + " moves: "
                + (violation == null ? found : violation).getMessage());
        out().flush();
        return Exit.FAILED;
    }

    private int told(Path file) throws IOException {
        String text = Files.readString(file);
        try {
            if (!StoryCommands.tell(text, out()::println).equals(text)) {
                throw new ExitException(Exit.FAILED, "this is not what " + file + " says happens");
            }
            return Exit.OK;
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, file + ": " + e.getMessage(), e);
        } catch (Violation e) {
            throw new ExitException(Exit.FAILED, "caught: " + e.getMessage(), e);
        } finally {
            out().flush();
        }
    }

    private int replayed(String text) throws IOException {
        List<Move> wanted;
        try {
            wanted = text.startsWith("seed:") ? Schedule.of(Long.parseLong(text.substring(5))) : Move.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        }
        if (trace != null) {
            Files.createDirectories(trace);
            try {
                Run.of(wanted, Tracing.into(trace, 0), slip);
            } catch (Violation e) {
                // It is told below.
            }
        }
        Violation violation = steps(wanted);
        out().println(violation == null ? "no property is broken" : "caught: " + violation.getMessage());
        out().flush();
        return violation == null ? Exit.OK : Exit.FAILED;
    }

    /** Tells the cluster after each move. */
    private @Nullable Violation steps(List<Move> run) {
        Cluster cluster = Cluster.of(run, Tracing.NONE, slip);
        cluster.keepLog();
        int number = 0;
        try {
            for (Move move : run) {
                cluster.move(move);
                lines(cluster);
                out().printf(Locale.ROOT, "%3d. %-16s %s%n", ++number, move, cluster);
            }
            cluster.finish();
            lines(cluster);
            return null;
        } catch (Violation e) {
            lines(cluster);
            String where = number < run.size() ? run.get(number).toString() : "(no faults)";
            out().printf(Locale.ROOT, "%3d. %-16s %s%n", number + 1, where, e.getMessage());
            for (Throwable t = e.getCause(); t != null; t = t.getCause()) {
                for (StackTraceElement line : t.getStackTrace()) {
                    if (line.getClassName().startsWith("dev.unwrite")) {
                        out().println("        at " + line);
                    }
                }
            }
            return e;
        }
    }

    private void lines(Cluster cluster) {
        cluster.takeLog().forEach(line -> out().println("     " + line));
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }
}
