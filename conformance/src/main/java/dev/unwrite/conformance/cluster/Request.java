package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.protocol.Extent;
import dev.unwrite.store.Outcome;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a host asked the storage, on its way there. It outlives its host.
 *
 * @param <T> what is answered
 */
final class Request<T> {
    /** What is asked. */
    enum Asked {
        /** The ownership record. */
        RECORD,
        /** A session. */
        OPEN,
        /** A change of the record. */
        CHANGE,
        /** Some bytes. */
        READ,
        /** Blocks that are to be copied. */
        READ_OLD,
        /** To write. */
        WRITE,
        /** To flush. */
        FLUSH
    }

    final StorageClient from;
    final long session;
    final Asked what;
    private final Supplier<Outcome<T>> work;
    private final Reply<T> reply;
    final @Nullable Extent extent;
    private final boolean fua;
    private @Nullable Trouble refused;
    private boolean abandoned;

    Request(
            StorageClient from,
            long session,
            Asked what,
            @Nullable Extent extent,
            boolean fua,
            Supplier<Outcome<T>> work,
            Reply<T> reply) {
        this.from = from;
        this.session = session;
        this.what = what;
        this.extent = extent;
        this.fua = fua;
        this.work = work;
        this.reply = reply;
    }

    /** Nobody waits for the answer any more; false if nobody did before. */
    boolean abandon() {
        boolean waits = !abandoned;
        abandoned = true;
        return waits;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    /** The storage does it, or what it does instead; how to answer. */
    Runnable carryOut() {
        Outcome<T> outcome = work.get();
        refused = outcome.why();
        return () -> outcome.tell(reply);
    }

    /** Why the storage did not do it, or null if it did or has not been asked yet. */
    @Nullable
    Trouble refused() {
        return refused;
    }

    Runnable fail(Trouble.Kind kind, String why) {
        return () -> reply.failed(new Trouble(kind, why));
    }

    @Override
    public String toString() {
        return what + (extent == null ? "" : " " + Cells.name(extent)) + (fua ? " FUA" : "") + " of " + from
                + (session == 0 ? "" : " in session " + (session >>> 32) + "." + (int) session);
    }
}
