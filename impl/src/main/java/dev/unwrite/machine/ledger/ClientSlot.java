package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What the ledger remembers of one client: its last request number and the last replies. Not thread-safe. */
final class ClientSlot {
    private static final int HEADER_BYTES = 64;
    private static final int ID_AT = 16;
    static final int BYTES = HEADER_BYTES + LedgerLimits.WINDOW * Recorded.BYTES;

    private final String id;
    private final int index;
    private final @Nullable Recorded[] window;
    private long last;

    ClientSlot(String id, int index) {
        this(id, index, 0, new Recorded[LedgerLimits.WINDOW]);
    }

    private ClientSlot(String id, int index, long last, @Nullable Recorded[] window) {
        this.id = id;
        this.index = index;
        this.last = last;
        this.window = window;
    }

    String id() {
        return id;
    }

    /** Its place in the table. */
    int index() {
        return index;
    }

    long last() {
        return last;
    }

    /** The recorded reply, or null where it is no longer (or not yet) kept. */
    @Nullable
    Recorded recorded(long reqno) {
        return reqno > last || reqno <= last - LedgerLimits.WINDOW ? null : window[position(reqno)];
    }

    void record(long reqno, Recorded reply) {
        if (reqno != last + 1) {
            throw new IllegalStateException("request " + reqno + " of " + id + " after " + last);
        }
        window[position(reqno)] = reply;
        last = reqno;
    }

    /** The highest transfer number that a kept reply mentions. */
    long highestSeq() {
        long highest = 0;
        for (Recorded reply : window) {
            highest = reply == null ? highest : Math.max(highest, reply.seq());
        }
        return highest;
    }

    ClientSlot copy() {
        return new ClientSlot(id, index, last, window.clone());
    }

    void encode(ByteBuffer target) {
        byte[] name = id.getBytes(StandardCharsets.US_ASCII);
        target.put(0, (byte) name.length).putInt(4, index).putLong(8, last).put(ID_AT, name);
        target.position(HEADER_BYTES);
        for (Recorded reply : window) {
            if (reply == null) {
                target.position(target.position() + Recorded.BYTES);
            } else {
                reply.encode(target);
            }
        }
    }

    /** Reads {@link #BYTES} bytes; null where they hold no client. */
    static @Nullable ClientSlot decode(ByteBuffer source) {
        int length = Math.min(source.get(0), LedgerLimits.CLIENT_ID_MAX);
        if (length <= 0) {
            return null;
        }
        byte[] name = new byte[length];
        source.get(ID_AT, name);
        long last = source.getLong(8);
        Recorded[] window = new Recorded[LedgerLimits.WINDOW];
        for (int i = 0; i < LedgerLimits.WINDOW; i++) {
            Recorded reply = Recorded.decode(source.slice(HEADER_BYTES + i * Recorded.BYTES, Recorded.BYTES));
            window[i] = reply;
        }
        forgetUnused(window, last);
        return new ClientSlot(new String(name, StandardCharsets.US_ASCII), source.getInt(4), last, window);
    }

    /** Before a client has filled its window, the places of later numbers hold nothing. */
    private static void forgetUnused(@Nullable Recorded[] window, long last) {
        for (long reqno = last + 1; reqno <= LedgerLimits.WINDOW; reqno++) {
            window[position(reqno)] = null;
        }
    }

    private static int position(long reqno) {
        return (int) (reqno % LedgerLimits.WINDOW);
    }
}
