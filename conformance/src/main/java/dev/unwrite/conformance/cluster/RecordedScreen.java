package dev.unwrite.conformance.cluster;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.conformance.cluster.Recording.Timed;
import dev.unwrite.conformance.trace.RecordedRun;
import dev.unwrite.conformance.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code unwrite simulate --recorded}: makes moves of a recording, runs them, and tells how that went. */
final class RecordedScreen {
    private static final double NANOS = 1e9;
    private static final int SECONDS_TO_SHRINK = 60;
    private static final int TRIES_TO_SHRINK = 2_000;
    /** More moves than this do not fit onto a command line. */
    private static final int PRINTED_MAX = 5_000;

    private final PrintWriter out;
    private final Slip slip;
    private final Map<Move.Kind, int[]> made = new EnumMap<>(Move.Kind.class);
    private int number;

    RecordedScreen(PrintWriter out, Slip slip) {
        this.out = out;
        this.slip = slip;
    }

    /**
     * The exit code.
     *
     * @param from tells what happens from this second on; null: nothing is told
     * @param to the recording ends at this second; null: where it ends
     * @param into where the moves are written, or null
     */
    int show(Path folder, @Nullable Double from, @Nullable Double to, @Nullable Path into) throws IOException {
        long start = System.nanoTime();
        RecordedRun run;
        List<Timed> moves;
        try {
            run = RecordedRun.read(List.of(folder));
            moves = Recording.moves(run, RecordedFaults.of(folder, run));
        } catch (TraceFormatException | IOException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        }
        if (to != null) {
            moves = moves.stream().filter(timed -> timed.seconds() <= to).toList();
        }
        List<Move> plain = moves.stream().map(Timed::move).toList();
        if (into != null) {
            Files.writeString(into, line(plain));
        }
        if (run.displaced() != null) {
            out.println("no order of the lines has a place for " + run.displaced());
        }
        Cluster cluster = Cluster.of(plain, Tracing.NONE, slip);
        Violation violation = run(cluster, moves, from == null ? Double.MAX_VALUE : from);
        tell(run, plain, cluster, (System.nanoTime() - start) / NANOS);
        if (violation == null) {
            out.println("no property is broken");
        } else {
            broken(plain, violation, moves);
        }
        out.flush();
        return violation == null ? Exit.OK : Exit.FAILED;
    }

    private @Nullable Violation run(Cluster cluster, List<Timed> moves, double from) {
        try {
            for (Timed timed : moves) {
                made.computeIfAbsent(timed.move().kind(), kind -> new int[2])[
                        cluster.isPossible(timed.move()) ? 0 : 1]++;
                cluster.move(timed.move());
                number++;
                if (timed.seconds() >= from) {
                    out.printf(Locale.ROOT, "%9.3f s  %-16s %s%n", timed.seconds(), timed.move(), cluster);
                }
            }
            cluster.finish();
            return null;
        } catch (Violation e) {
            return e;
        }
    }

    private void tell(RecordedRun run, List<Move> moves, Cluster cluster, double seconds) {
        out.printf(
                Locale.ROOT,
                "recorded: %d lines; %d moves, %.1f s%n",
                run.events().size(),
                moves.size(),
                seconds);
        long all = 0;
        long possible = 0;
        for (Map.Entry<Move.Kind, int[]> entry : made.entrySet()) {
            if (entry.getKey() == Move.Kind.RUN || entry.getKey() == Move.Kind.CONFIG) {
                continue;
            }
            int[] counts = entry.getValue();
            possible += counts[0];
            all += counts[0] + counts[1];
            String name = entry.getKey().name().toLowerCase(Locale.ROOT);
            out.printf(Locale.ROOT, "%-16s %9d made, %d when there was nobody to do it%n", name, counts[0], counts[1]);
        }
        out.printf(Locale.ROOT, "taken: %.2f %% (%d of %d)%n", 100.0 * possible / Math.max(1, all), possible, all);
        out.println(cluster.countsOfRun());
    }

    private void broken(List<Move> plain, Violation violation, List<Timed> moves) {
        out.println("broken: " + violation.getMessage());
        if (number < moves.size()) {
            out.printf(
                    Locale.ROOT,
                    "at %.3f s: %s%n",
                    moves.get(number).seconds(),
                    moves.get(number).move());
        }
        out.flush();
        List<Move> until = plain.subList(0, Math.min(plain.size(), number + 1));
        long end = System.nanoTime() + SECONDS_TO_SHRINK * 1_000_000_000L;
        List<Move> shortest = Shrinker.shrink(
                until,
                run -> {
                    Violation again = System.nanoTime() > end ? null : Run.violation(run, slip);
                    return again != null && again.property().equals(violation.property());
                },
                TRIES_TO_SHRINK);
        out.println(plain.size() + " moves, shortened to " + shortest.size());
        out.println(
                shortest.size() > PRINTED_MAX
                        ? "again: unwrite simulate --recorded, with --moves FILE; then --replay @FILE"
                        : "again: unwrite simulate --replay " + line(shortest));
        Violation last = Run.violation(shortest, slip);
        out.println("caught: in " + shortest.size() + " moves: " + (last == null ? violation : last).getMessage());
    }

    static String line(List<Move> moves) {
        return moves.stream().map(Move::toString).collect(Collectors.joining(","));
    }
}
