package dev.unwrite.spec.trace;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.tlc.TlcJob;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcRun;
import dev.unwrite.spec.tlc.TlcVerdict;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks TLC how far a specification follows each of many traces, all in one JVM. The module extends UnwriteTraceReader,
 * has one initial state for each run of {@code TraceRuns}, and its invariant {@code NotAccepted} calls
 * {@code ReachedIn(run, i)} with the number of the next event. The last event of each run must be one that can never be
 * taken: the run is accepted if all but that one were reached, and the invariant is never violated.
 */
public final class BatchCheck {
    private final SpecFiles files;
    private final Duration limit;
    private final String heap;
    private final String view;
    private final List<String> alsoAsked;
    private final IntConsumer listener;

    /**
     * Specifications in {@code files}; a check takes no longer than {@code limit}, in a heap of {@code heap} at most;
     * states are told apart by the definition {@code view}, which must name the run.
     */
    public BatchCheck(SpecFiles files, Duration limit, String heap, String view) {
        this(files, limit, heap, view, List.of(), depth -> {});
    }

    private BatchCheck(
            SpecFiles files, Duration limit, String heap, String view, List<String> alsoAsked, IntConsumer listener) {
        this.alsoAsked = List.copyOf(alsoAsked);
        this.listener = listener;
        this.files = files;
        this.limit = limit;
        this.heap = heap;
        this.view = view;
    }

    /** The same with these invariants too, which are never violated and only report. */
    public BatchCheck asking(List<String> invariants) {
        return new BatchCheck(files, limit, heap, view, invariants, listener);
    }

    /** The same; {@code told} learns each minute, from a thread of the run, how many steps the run that came farthest has taken. */
    public BatchCheck telling(IntConsumer told) {
        return new BatchCheck(files, limit, heap, view, alsoAsked, told);
    }

    /**
     * A trace.
     *
     * @param events one line of JSON each, the last of which can never be taken
     * @param question the number of the event to be explained, 0 for none
     */
    public record Run(List<String> events, int question) {
        public Run {
            events = List.copyOf(events);
        }
    }

    /** What TLC found. */
    public sealed interface Result {}

    /**
     * How far it came.
     *
     * @param next by run: the number of the first event, from 1, that fits no step
     * @param states distinct states looked at
     * @param checking time from when TLC began to read the events to its end
     */
    public record Reached(List<Integer> next, long states, Duration checking) implements Result {
        public Reached {
            next = List.copyOf(next);
        }
    }

    /**
     * Nobody knows.
     *
     * @param why one line for a person
     */
    public record Broken(String why) implements Result {}

    /**
     * Checks the runs.
     *
     * @param module the root module
     * @param constants the constants' values as in a configuration file; {@code <- Name} for a definition
     * @param report takes what the specification says by {@code Report}, or null
     * @param edges takes what the specification says by {@code Edge}, or null
     * @throws IOException if TLC cannot be run at all
     */
    public Result run(
            String module, List<Run> runs, Map<String, String> constants, @Nullable Path report, @Nullable Path edges)
            throws IOException, InterruptedException {
        if (runs.isEmpty() || runs.stream().anyMatch(run -> run.events().size() < 2)) {
            return new Broken("a run is empty: a trace of nothing shows nothing");
        }
        Path trace = Files.createTempFile("unwrite-runs-", ".ndjson");
        Path reached = Files.createTempFile("unwrite-reached-", ".txt");
        try {
            write(runs, trace);
            TlcJob job = TlcJob.of(module, files, config(constants))
                    .withLimit(limit)
                    .withHeap(heap)
                    .withProperty(UnwriteTraceReader.TRACE, trace.toString())
                    .withProperty(UnwriteTraceReader.REACHED, reached.toString());
            if (report != null) {
                job = job.withProperty(UnwriteTraceReader.REPORT, report.toString());
            }
            if (edges != null) {
                job = job.withProperty(UnwriteTraceReader.EDGES, edges.toString());
            }
            return result(
                    TlcRun.run(job, progress -> listener.accept(progress.depth())),
                    runs,
                    Files.readString(reached).strip());
        } finally {
            Files.deleteIfExists(trace);
            Files.deleteIfExists(reached);
        }
    }

    private String config(Map<String, String> constants) {
        StringBuilder text = new StringBuilder(TraceCheck.config(constants, view));
        alsoAsked.forEach(name -> text.append("INVARIANT ").append(name).append('\n'));
        return text.toString();
    }

    private static void write(List<Run> runs, Path file) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (Run run : runs) {
                writer.write(RunsFile.header(run.question()) + "\n");
                for (String event : run.events()) {
                    writer.write(event);
                    writer.write('\n');
                }
            }
        }
    }

    private static Result result(TlcResult result, List<Run> runs, String reached) {
        if (result.verdict() == TlcVerdict.INVARIANT) {
            return new Broken("an event was taken that no specification has: the checker is broken");
        }
        if (result.verdict() != TlcVerdict.HOLDS) {
            return new Broken(TraceVerdict.Broken.of(result).why());
        }
        String[] words = reached.split(" ");
        if (words.length != runs.size() + 1) {
            return new Broken("TLC ended without a word on how far it came: does NotAccepted call ReachedIn?");
        }
        Integer[] next = new Integer[runs.size()];
        for (int i = 0; i < next.length; i++) {
            next[i] = Integer.valueOf(words[i + 1]);
            if (next[i] < 1 || next[i] > runs.get(i).events().size()) {
                return new Broken("run " + (i + 1) + " came to event " + next[i] + ": NotAccepted is wrong");
            }
        }
        return new Reached(List.of(next), result.distinct(), Duration.ofMillis(Long.parseLong(words[0])));
    }
}
