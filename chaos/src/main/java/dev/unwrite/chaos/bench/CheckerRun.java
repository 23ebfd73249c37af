package dev.unwrite.chaos.bench;

import dev.unwrite.conformance.cluster.Run;
import dev.unwrite.conformance.cluster.Schedule;
import dev.unwrite.conformance.cluster.Tracing;
import dev.unwrite.conformance.cluster.Violation;
import dev.unwrite.conformance.trace.TraceFolder;
import dev.unwrite.conformance.trace.TraceFormatException;
import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceValidation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Measures what checks the rest: trace validation and the simulator. What they find counts: whatever is broken ends the run. */
final class CheckerRun {
    private static final double NANOS = 1e9;
    private static final long FIRST_SEED = 1;
    /** A part of the time does not count, while the simulator is being compiled. */
    private static final int WARM_UP_PART = 5;

    private final Path dir;

    /** {@code dir} exists and is empty. */
    CheckerRun(Path dir) {
        this.dir = dir;
    }

    /** Lets the simulator write traces until there are as many events, and then times their validation. */
    TraceSpeed traces(long events) throws IOException, InterruptedException {
        List<Path> folders = new ArrayList<>();
        long written = 0;
        for (long seed = FIRST_SEED; written < events; seed++) {
            Path folder = Files.createDirectories(dir.resolve(Long.toString(seed)));
            try {
                Run.of(Schedule.traced(seed), Tracing.into(folder, 0));
            } catch (Violation e) {
                throw broken(seed, e);
            }
            folders.add(folder);
            written += lines(folder);
        }
        long began = System.nanoTime();
        List<TraceFolder> runs = new ArrayList<>();
        for (Path folder : folders) {
            try {
                runs.add(TraceFolder.read(List.of(folder)));
            } catch (TraceFormatException e) {
                throw new BenchException("the traces of the simulator are none: " + e.getMessage(), e);
            }
        }
        List<TraceJudgment> verdicts = TraceValidation.validateAll(runs);
        double seconds = (System.nanoTime() - began) / NANOS;
        long accepted = 0;
        for (TraceJudgment verdict : verdicts) {
            accepted += switch (verdict) {
                case TraceJudgment.Accepted a -> a.events();
                case TraceJudgment.Rejected r ->
                    throw new BenchException("the specification does not allow what the simulator did: " + r.file()
                            + ", line " + r.line() + ": " + r.why());
            };
        }
        return new TraceSpeed(runs.size(), accepted, seconds);
    }

    /** Makes runs of the simulator for as long, one after the other. */
    SimulatorSpeed simulator(Duration measured) {
        long seed = FIRST_SEED;
        long began = System.nanoTime();
        do {
            failovers(seed++);
        } while (System.nanoTime() - began < measured.toNanos() / WARM_UP_PART);
        long self = ProcessHandle.current().pid();
        double before = Processor.seconds(self);
        began = System.nanoTime();
        long runs = 0;
        long failovers = 0;
        double took;
        do {
            failovers += failovers(seed++);
            runs++;
            took = Processor.seconds(self) - before;
        } while (System.nanoTime() - began < measured.toNanos() || took == 0 || failovers == 0);
        return new SimulatorSpeed(runs, failovers, took);
    }

    private static long failovers(long seed) {
        try {
            return Run.of(Schedule.of(seed), Tracing.NONE).failovers();
        } catch (Violation e) {
            throw broken(seed, e);
        }
    }

    private static BenchException broken(long seed, Violation e) {
        return new BenchException("the simulator found a property broken with seed " + seed + ": " + e.getMessage(), e);
    }

    private static long lines(Path folder) throws IOException {
        long all = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (Stream<String> lines = Files.lines(file)) {
                    all += lines.count();
                }
            }
        }
        return all;
    }
}
