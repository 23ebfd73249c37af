package dev.unwrite.spec.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
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

    private static final AtomicInteger FURTHEST = new AtomicInteger(-1);
    private static @Nullable Value events;

    private UnwriteTraceReader() {}

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
