package dev.unwrite.conformance.sim;

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
    public static final Tracing NONE = new Tracing(null, 0, null);

    private final @Nullable Path folder;
    private final long skew;
    private final @Nullable StorageTrace storage;
    private final @Nullable Doings doings;
    private long now = 1_000_000;

    private Tracing(@Nullable Path folder, long skew, @Nullable Doings doings) {
        this.folder = folder;
        this.skew = skew;
        this.doings = doings;
        this.storage = folder == null ? null : StorageTrace.open(folder, () -> ++now + skew);
    }

    /** Into this folder, which exists; the storage's clock is ahead and B's is behind by so many microseconds. */
    public static Tracing into(Path folder, long skew) {
        return new Tracing(folder, skew, null);
    }

    /** Into memory, for a replay that has to see what its moves do. */
    static Tracing into(Doings doings) {
        return new Tracing(null, 0, doings);
    }

    boolean active() {
        return folder != null;
    }

    StorageObserver observer() {
        if (doings != null) {
            return doings;
        }
        return storage == null ? StorageObserver.NONE : storage;
    }

    TraceWriter open(SimHost host) {
        if (doings != null) {
            return doings.of(host.index);
        }
        if (folder == null) {
            return TraceWriter.NONE;
        }
        TraceClock clock = host.index == 0 ? () -> ++now : () -> ++now - skew;
        try {
            return TraceWriter.open(folder, host.name, clock);
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
