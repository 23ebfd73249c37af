package dev.unwrite.spec.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.Value;

/** The operators of {@code UnwriteTraceReader.tla}; runs in TLC's JVM, called by its worker threads. */
public final class UnwriteTraceReader {
    /** The system property with the trace file. */
    static final String TRACE = "unwrite.trace";
    /** The system property with the file that takes the greatest index reached when the JVM ends. */
    static final String REACHED = "unwrite.trace.reached";

    /** The system property with the file that takes what the specification reports. */
    static final String REPORT = "unwrite.trace.report";

    /** The system property with the file that takes the edges seen when the JVM ends; without it none are kept. */
    static final String EDGES = "unwrite.trace.edges";

    private static final String EDGES_FILE = System.getProperty(EDGES, "");
    private static final Set<String> EDGES_SEEN = new TreeSet<>();

    private static final AtomicInteger FURTHEST = new AtomicInteger(-1);
    private static @Nullable Value events;
    private static @Nullable RunsFile runs;
    private static @Nullable AtomicIntegerArray furthestOfRun;
    private static long startNanos;

    private UnwriteTraceReader() {}

    /** Whether a trace is to be checked, and not a model. */
    public static boolean hasTrace() {
        return System.getProperty(TRACE) != null;
    }

    /** The events; read once. */
    @TLAPlusOperator(identifier = "TraceEvents", module = "UnwriteTraceReader", warn = false)
    public static synchronized Value traceEvents() throws IOException {
        Value read = events;
        if (read == null) {
            String file = System.getProperty(TRACE);
            if (file == null) {
                throw new IOException("the system property " + TRACE + " does not name a trace");
            }
            read = TraceValues.read(Path.of(file));
            events = read;
        }
        return read;
    }

    /** The events of each run; read once. */
    @TLAPlusOperator(identifier = "TraceRuns", module = "UnwriteTraceReader", warn = false)
    public static Value traceRuns() throws IOException {
        return runs().events();
    }

    /** By run: the event to be explained, 0 for none. */
    @TLAPlusOperator(identifier = "TraceQuestions", module = "UnwriteTraceReader", warn = false)
    public static Value traceQuestions() throws IOException {
        return runs().questions();
    }

    private static synchronized RunsFile runs() throws IOException {
        RunsFile read = runs;
        if (read == null) {
            startNanos = System.nanoTime();
            String file = System.getProperty(TRACE);
            if (file == null) {
                throw new IOException("the system property " + TRACE + " does not name a file of runs");
            }
            read = RunsFile.read(Path.of(file));
            furthestOfRun = new AtomicIntegerArray(read.count());
            runs = read;
            Runtime.getRuntime().addShutdownHook(new Thread(UnwriteTraceReader::writeRuns, "runs-reached"));
        }
        return read;
    }

    /** TRUE; remembers the greatest index of the run. */
    @TLAPlusOperator(identifier = "ReachedIn", module = "UnwriteTraceReader", warn = false)
    public static Value reachedIn(IntValue run, IntValue index) {
        AtomicIntegerArray furthest = furthestOfRun;
        if (furthest == null) {
            throw new IllegalStateException("no run was read");
        }
        furthest.accumulateAndGet(run.val - 1, index.val, Math::max);
        return BoolValue.ValTrue;
    }

    /** TRUE; remembers the edge, if anyone asked for them. */
    @TLAPlusOperator(identifier = "Edge", module = "UnwriteTraceReader", warn = false)
    public static Value edge(Value from, Value action, Value to) {
        if (!EDGES_FILE.isEmpty()) {
            String edge = from + "\t" + action + "\t" + to;
            synchronized (EDGES_SEEN) {
                EDGES_SEEN.add(edge.replace('\n', ' '));
            }
        }
        return BoolValue.ValTrue;
    }

    /** Whether {@link #edge} does anything. */
    @TLAPlusOperator(identifier = "EdgesWanted", module = "UnwriteTraceReader", warn = false)
    public static Value edgesWanted() {
        return EDGES_FILE.isEmpty() ? BoolValue.ValFalse : BoolValue.ValTrue;
    }

    /** The time since the runs began to be read, in milliseconds, then the greatest index of each run. */
    private static void writeRuns() {
        AtomicIntegerArray furthest = furthestOfRun;
        String file = System.getProperty(REACHED);
        if (file == null || furthest == null) {
            return;
        }
        StringBuilder text = new StringBuilder();
        text.append((System.nanoTime() - startNanos) / 1_000_000);
        for (int run = 0; run < furthest.length(); run++) {
            text.append(' ').append(furthest.get(run));
        }
        try {
            Files.writeString(Path.of(file), text);
            if (!EDGES_FILE.isEmpty()) {
                synchronized (EDGES_SEEN) {
                    Files.write(Path.of(EDGES_FILE), EDGES_SEEN);
                }
            }
        } catch (IOException e) {
            System.err.println("cannot write " + file + ": " + e);
        }
    }

    /** TRUE; remembers the greatest index. */
    @TLAPlusOperator(identifier = "Reached", module = "UnwriteTraceReader", warn = false)
    public static Value reached(IntValue index) {
        if (FURTHEST.getAndAccumulate(index.val, Math::max) < 0) {
            Runtime.getRuntime().addShutdownHook(new Thread(UnwriteTraceReader::write, "trace-reached"));
        }
        return BoolValue.ValTrue;
    }

    /** TRUE; adds the value to the report, a line for each. */
    @TLAPlusOperator(identifier = "Report", module = "UnwriteTraceReader", warn = false)
    public static synchronized Value report(Value value) throws IOException {
        String file = System.getProperty(REPORT);
        if (file != null) {
            Files.writeString(
                    Path.of(file),
                    value.toString().replace('\n', ' ') + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
        return BoolValue.ValTrue;
    }

    private static void write() {
        String file = System.getProperty(REACHED);
        if (file == null) {
            return;
        }
        try {
            Files.writeString(Path.of(file), Integer.toString(FURTHEST.get()));
        } catch (IOException e) {
            System.err.println("cannot write " + file + ": " + e);
        }
    }
}
