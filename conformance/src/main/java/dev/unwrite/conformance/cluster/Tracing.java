package dev.unwrite.conformance.cluster;

import dev.unwrite.storage.StorageObserver;
import dev.unwrite.trace.StorageTrace;
import dev.unwrite.trace.TraceClock;
import dev.unwrite.trace.TraceWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a simulated run writes its traces, if anywhere. The clocks of the processes differ by what the run says. */
public final class Tracing {
    /** Nowhere. */
    public static final Tracing NONE = new Tracing(null, 0);

    private final @Nullable Path folder;
    private final long skew;
    private final @Nullable StorageTrace storage;
    private long last = 1_000_000;

    private Tracing(@Nullable Path folder, long skew) {
        this.folder = folder;
        this.skew = skew;
        this.storage = folder == null ? null : StorageTrace.open(folder, () -> ++last + skew);
    }

    /** Into this folder, which exists; the storage's clock is ahead and B's is behind by so many microseconds. */
    public static Tracing into(Path folder, long skew) {
        return new Tracing(folder, skew);
    }

    /** The time of the run goes on; an event takes a microsecond at least. */
    void now(long nanos) {
        last = Math.max(last, nanos / 1000);
    }

    StorageObserver observer() {
        return storage == null ? StorageObserver.NONE : storage;
    }

    TraceWriter open(SimHost process) {
        if (folder == null) {
            return TraceWriter.NONE;
        }
        TraceClock clock = process.index == 0 ? () -> ++last : () -> ++last - skew;
        try {
            return TraceWriter.open(folder, process.name, clock);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void close() {
        if (storage != null) {
            try {
                storage.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
