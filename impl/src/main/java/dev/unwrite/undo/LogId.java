package dev.unwrite.undo;

import java.nio.ByteBuffer;
import java.util.UUID;

/** Names a log for ever, so that a file of another one, or of an earlier one in the same folder, is never mixed in. */
record LogId(long high, long low) {
    static final int BYTES = 2 * Long.BYTES;

    static LogId random() {
        UUID uuid = UUID.randomUUID();
        return new LogId(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
    }

    @Override
    public String toString() {
        return new UUID(high, low).toString();
    }

    void put(ByteBuffer page, int at) {
        page.putLong(at, high);
        page.putLong(at + 8, low);
    }

    static LogId get(ByteBuffer page, int at) {
        return new LogId(page.getLong(at), page.getLong(at + 8));
    }
}
