package dev.unwrite.conformance.sim;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.conformance.trace.RecordedEvent;
import dev.unwrite.conformance.trace.RecordedRun;
import dev.unwrite.conformance.trace.TraceFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code unwrite simulate --recorded}: reads a recording, goes through it, and tells how that went. */
final class RecordedScreen {
    private static final int MISSED_SHOWN = 10;
    private static final double MICROS = 1e6;

    private final PrintWriter out;
    private final @Nullable Double from;
    private final @Nullable Double to;
    private final @Nullable Path movesFile;

    RecordedScreen(PrintWriter out, @Nullable Double from, @Nullable Double to, @Nullable Path movesFile) {
        this.out = out;
        this.from = from;
        this.to = to;
        this.movesFile = movesFile;
    }

    int show(Path folder) throws IOException {
        long start = System.nanoTime();
        RecordedRun run;
        try {
            run = RecordedRun.read(List.of(folder));
        } catch (TraceFormatException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        }
        long began = run.events().getFirst().micros();
        Double end = to;
        List<RecordedEvent> events = end == null
                ? run.events()
                : run.events().stream()
                        .takeWhile(e -> e.micros() <= began + end * MICROS)
                        .toList();
        RecordedReplay replay =
                RecordedReplay.of(events, run.blocks(), false, (event, made, world) -> tell(event, began, made, world));
        summary(run, events, replay, (System.nanoTime() - start) / 1e9);
        Path file = movesFile;
        if (file != null) {
            Files.writeString(file, line(replay.moves()));
        }
        out.flush();
        return replay.violation() == null ? Exit.OK : Exit.FAILED;
    }

    private void tell(RecordedEvent event, long began, List<Move> made, SimWorld world) {
        Double first = from;
        if (first != null && event.micros() >= began + first * MICROS && !made.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "%8.3f s  %s %s (%s): %s%n            %s%n",
                    (event.micros() - began) / MICROS,
                    event.storage() ? "storage" : event.host() == 0 ? "A" : "B",
                    event.action(),
                    event.place(),
                    made.stream().map(Move::toString).collect(Collectors.joining(",")),
                    world);
        }
    }

    private void summary(RecordedRun run, List<RecordedEvent> events, RecordedReplay replay, double seconds) {
        ReplayTally tally = replay.tally();
        if (run.displaced() != null) {
            out.println("no order of the lines has a place for " + run.displaced());
        }
        out.printf(
                Locale.ROOT,
                "recorded: %d lines, %d of them steps on %d blocks; %d moves, %.1f s%n",
                events.size(),
                tally.lines(),
                run.blocks(),
                replay.moves().size(),
                seconds);
        out.printf(Locale.ROOT, "%-16s %9s %9s %9s%n", "", "in order", "earlier", "not taken");
        for (Map.Entry<String, ReplayTally.Share> entry : tally.actions().entrySet()) {
            ReplayTally.Share share = entry.getValue();
            out.printf(
                    Locale.ROOT, "%-16s %9d %9d %9d%n", entry.getKey(), share.inOrder(), share.earlier(), share.not());
        }
        out.printf(
                Locale.ROOT,
                "taken: %.2f %% (%d of %d); left the recording and came back %d times%n",
                100.0 * tally.taken() / Math.max(1, tally.lines()),
                tally.taken(),
                tally.lines(),
                tally.resynchronized());
        if (!tally.beside().isEmpty()) {
            out.println("beside the recording: "
                    + tally.beside().entrySet().stream()
                            .map(entry -> entry.getValue() + " " + entry.getKey())
                            .collect(Collectors.joining(", ")));
        }
        tally.missed().stream()
                .limit(MISSED_SHOWN)
                .forEach(missed -> out.println("not taken: " + missed.event().action() + " of "
                        + missed.event().place() + "; here " + missed.instead().replaceAll("machine .*", "")));
        out.println(replay.counts());
        Violation violation = replay.violation();
        out.println(violation == null ? "no property is broken" : "caught: " + violation.getMessage());
    }

    private static String line(List<Move> moves) {
        return moves.stream().map(Move::toString).collect(Collectors.joining(","));
    }
}
