package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that was begun, until it is known how it ended. For one thread. */
final class Asked {
    private static final long BASE = System.currentTimeMillis() * 1_000_000 - System.nanoTime();

    final Kind op;
    private final String client;
    private final String host;
    private final long term;
    private final long invoke = now();
    long seq;
    int cell;
    int count;
    long epoch;
    boolean quiet;
    boolean durable;
    List<Long> values = List.of();
    List<String> wrong = List.of();

    @Nullable
    String state;

    Asked(Kind op, String client, String host, long term) {
        this.op = op;
        this.client = client;
        this.host = host;
        this.term = term;
    }

    /** Nanoseconds since 1970 that never go back while the process lives. */
    static long now() {
        return BASE + System.nanoTime();
    }

    VolumeEvent ended(Outcome outcome, @Nullable String error) {
        return new VolumeEvent(
                op, client, host, term, seq, cell, count, epoch, invoke, now(), outcome, quiet, durable, values, wrong,
                state, error);
    }
}
