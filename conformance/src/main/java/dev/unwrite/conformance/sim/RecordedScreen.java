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
    private static final double NANOS = 1e9;
    private static final int SECONDS_TO_SHRINK = 120;
    /** More moves than this do not fit onto a command line. */
    private static final int PRINTED_MAX = 5_000;

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
        RecordedFaults faults;
        try {
            faults = RecordedFaults.of(folder, run);
        } catch (IOException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        }
        Double end = to;
        List<RecordedEvent> events = end == null
                ? run.events()
                : run.events().stream()
                        .takeWhile(event -> faults.seconds(event) <= end)
                        .toList();
        FaultSchedule schedule = new FaultSchedule(faults);
        RecordedReplay replay =
                RecordedReplay.of(events, run.blocks(), faults::isAfterPowerLoss, List.of(), (event, made, world) -> {
                    schedule.made(faults.seconds(event), made);
                    tell(event, faults.seconds(event), made, world);
                });
        schedule.lines().forEach(out::println);
        summary(run, events, replay, (System.nanoTime() - start) / NANOS);
        Violation violation = replay.violation();
        if (violation == null) {
            out.println("no property is broken");
        } else {
            out.println("broken: " + violation.getMessage());
            broken(events.subList(0, Math.min(events.size(), replay.line() + 1)), run, faults, replay, violation);
        }
        Path file = movesFile;
        if (file != null) {
            Files.writeString(file, line(replay.moves()));
        }
        out.flush();
        return replay.violation() == null ? Exit.OK : Exit.FAILED;
    }

    private void broken(
            List<RecordedEvent> events,
            RecordedRun run,
            RecordedFaults faults,
            RecordedReplay replay,
            Violation violation) {
        if (replay.line() < run.events().size()) {
            RecordedEvent at = run.events().get(replay.line());
            out.printf(Locale.ROOT, "at %.3f s: %s of %s%n", faults.seconds(at), at.action(), at.place());
        }
        out.flush();
        List<Move> shortest = new RecordedShrinker(
                        events, run.blocks(), violation.property(), faults::isAfterPowerLoss, SECONDS_TO_SHRINK)
                .shrink(replay.moves());
        Violation last = shortest.size() > PRINTED_MAX ? violation : SimRun.violation(shortest);
        out.println(replay.moves().size() + " moves, shortened to " + shortest.size());
        out.println(
                shortest.size() > PRINTED_MAX
                        ? "again: unwrite simulate --recorded, with --moves FILE; then --replay @FILE"
                        : "again: unwrite simulate --replay " + line(shortest));
        out.println("caught: in " + shortest.size() + " moves: " + (last == null ? violation : last).getMessage());
    }

    private void tell(RecordedEvent event, double seconds, List<Move> made, SimWorld world) {
        Double first = from;
        if (first != null && seconds >= first && !made.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "%8.3f s  %s %s (%s): %s%n            %s%n",
                    seconds,
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
    }

    private static String line(List<Move> moves) {
        return moves.stream().map(Move::toString).collect(Collectors.joining(","));
    }
}
