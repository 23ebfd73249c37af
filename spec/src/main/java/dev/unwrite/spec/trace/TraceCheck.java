package dev.unwrite.spec.trace;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.tlc.TlcJob;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcRun;
import dev.unwrite.spec.tlc.TlcVerdict;
import dev.unwrite.spec.trace.TraceVerdict.Accepted;
import dev.unwrite.spec.trace.TraceVerdict.Broken;
import dev.unwrite.spec.trace.TraceVerdict.Rejected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks TLC whether a specification accepts a trace. The module extends UnwriteTraceReader, its formula {@code Spec}
 * makes one step for each event, and its invariant {@code NotAccepted} is violated by the state after the last event.
 * That invariant also calls {@code Reached(i)} with the number of the next event, from 1. A violation is the good news:
 * were the invariant broken in some other way, nothing would be accepted; were the check vacuous, likewise.
 */
public final class TraceCheck {
    /** The invariant whose violation means that the trace is accepted. */
    public static final String INVARIANT = "NotAccepted";

    private final SpecFiles files;
    private final Duration limit;
    private final String heap;
    private final @Nullable String view;

    /** Specifications in {@code files}; a check takes no longer than {@code limit}, in a heap of {@code heap} at most. */
    public TraceCheck(SpecFiles files, Duration limit, String heap) {
        this(files, limit, heap, null);
    }

    private TraceCheck(SpecFiles files, Duration limit, String heap, @Nullable String view) {
        this.files = files;
        this.limit = limit;
        this.heap = heap;
        this.view = view;
    }

    /** The same, with states told apart by the definition {@code name} of the module only: no fingerprints of large states. */
    public TraceCheck viewing(String name) {
        return new TraceCheck(files, limit, heap, name);
    }

    /**
     * Checks the trace.
     *
     * @param module the root module
     * @param trace the file of events, one line of JSON each
     * @param constants the constants' values as in a configuration file; {@code <- Name} for a definition
     * @throws IOException if TLC cannot be run at all
     */
    public TraceVerdict run(String module, Path trace, Map<String, String> constants)
            throws IOException, InterruptedException {
        return run(module, trace, constants, null);
    }

    /** As above; what the specification says by {@code Report} is added to the file {@code report}. */
    public TraceVerdict run(String module, Path trace, Map<String, String> constants, @Nullable Path report)
            throws IOException, InterruptedException {
        List<String> events;
        try (var lines = Files.lines(trace)) {
            events = lines.filter(line -> !line.isBlank()).toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            return new Broken(trace + " cannot be read: " + e);
        }
        if (events.isEmpty()) {
            return new Broken(trace + " is empty: a trace of nothing shows nothing");
        }
        Path reached = Files.createTempFile("unwrite-reached-", ".txt");
        try {
            TlcJob job = TlcJob.of(module, files, config(constants, view));
            if (report != null) {
                job = job.withProperty(
                        UnwriteTraceReader.REPORT, report.toAbsolutePath().toString());
            }
            TlcResult result = TlcRun.run(job.withLimit(limit)
                    .withHeap(heap)
                    .withProperty(
                            UnwriteTraceReader.TRACE, trace.toAbsolutePath().toString())
                    .withProperty(UnwriteTraceReader.REACHED, reached.toString()));
            return verdict(result, events, Files.readString(reached).strip());
        } finally {
            Files.deleteIfExists(reached);
        }
    }

    static String config(Map<String, String> constants, @Nullable String view) {
        StringBuilder config = new StringBuilder("SPECIFICATION Spec\nINVARIANT " + INVARIANT + "\n");
        if (view != null) {
            config.append("VIEW ").append(view).append('\n');
        }
        constants.forEach((name, value) -> config.append("CONSTANT ")
                .append(name)
                .append(value.startsWith("<-") ? " " : " = ")
                .append(value)
                .append('\n'));
        return config.toString();
    }

    /** Accepted only with all events reached, rejected only with the event known: each verdict needs both witnesses. */
    private static TraceVerdict verdict(TlcResult result, List<String> events, String reached) {
        int count = events.size();
        if (!reached.matches("\\d+")) {
            return result.verdict() == TlcVerdict.HOLDS || result.verdict() == TlcVerdict.INVARIANT
                    ? new Broken("TLC ended without a word on how far it came: does NotAccepted call Reached?")
                    : Broken.of(result);
        }
        int next = Integer.parseInt(reached);
        if (result.verdict() == TlcVerdict.INVARIANT && INVARIANT.equals(result.violated())) {
            return next == count + 1
                    ? new Accepted(count, result.distinct(), result.time())
                    : new Broken("accepted after " + (next - 1) + " of " + count + " events: NotAccepted is wrong");
        }
        if (result.verdict() != TlcVerdict.HOLDS) {
            return Broken.of(result);
        }
        return next >= 1 && next <= count
                ? new Rejected(count, next, events.get(next - 1), result.distinct(), result.time())
                : new Broken("rejected, but all " + count + " events were reached: NotAccepted is wrong");
    }
}
