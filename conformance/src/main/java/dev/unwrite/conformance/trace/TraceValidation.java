package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Validates the traces of a pair of nodes and their storage against {@code Unwrite.tla}. */
public final class TraceValidation {
    private TraceValidation() {}

    /** As below; nobody asks how far it is. */
    public static TraceJudgment validate(List<Path> paths)
            throws IOException, InterruptedException, TraceFormatException {
        return validate(paths, TraceProgress.NONE);
    }

    /**
     * Validates traces of one group. Blocks until TLC, in a process of its own, has come to an end.
     *
     * @param paths files, or folders with {@code *.ndjson} in them or in their folder {@code trace}
     * @throws TraceFormatException if these are no traces, not all of them, or empty ones
     * @throws IOException if they cannot be read, or TLC did not do its work
     */
    public static TraceJudgment validate(List<Path> paths, TraceProgress progress)
            throws IOException, InterruptedException, TraceFormatException {
        MergedRun run = MergedRun.of(TraceFolder.read(paths));
        TraceFormatException unusable = run.unusable();
        if (unusable != null) {
            throw unusable;
        }
        return new TraceBatch(progress).check(List.of(run)).getFirst();
    }

    /**
     * Validates many runs, each by itself, in few processes of TLC. A run whose traces are not whole is rejected.
     *
     * @param runs the traces of one group each
     * @return the verdicts, in the order of the runs
     * @throws IOException if TLC did not do its work
     */
    public static List<TraceJudgment> validateAll(List<TraceFolder> runs) throws IOException, InterruptedException {
        return new TraceBatch().validate(runs);
    }
}
