package dev.unwrite.store;

import dev.unwrite.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The states that arrive and are not committed. For one thread. */
final class Arriving {
    private final CheckpointStore store;
    private final Map<Key, State> states = new TreeMap<>();

    private record Key(long term, long epoch) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byTerm = Long.compare(term, other.term);
            return byTerm != 0 ? byTerm : Long.compare(epoch, other.epoch);
        }

        @Override
        public String toString() {
            return "checkpoint " + epoch + " of term " + term;
        }
    }

    /** {@code end} is known once it is whole. */
    private record State(
            CheckpointStore.Receiver receiver, @Nullable End end) {}

    private record End(long length, long crc32c) {}

    Arriving(CheckpointStore store) {
        this.store = store;
    }

    void begin(long term, long epoch, long base) throws IOException {
        drop(term, epoch);
        states.put(new Key(term, epoch), new State(store.begin(term, epoch, base), null));
    }

    void write(long term, long epoch, long offset, ByteBuffer bytes) throws IOException {
        State state = find(new Key(term, epoch));
        try {
            state.receiver.write(offset, bytes);
        } catch (IOException e) {
            dropAfter(e, term, epoch);
            throw e;
        }
    }

    void end(long term, long epoch, long length, int crc32c) throws IOException {
        Key key = new Key(term, epoch);
        State state = find(key);
        End end = new End(length, Integer.toUnsignedLong(crc32c));
        if (!state.receiver.isWhole(end.length, end.crc32c)) {
            IOException why = new IOException(key + " did not arrive whole");
            dropAfter(why, term, epoch);
            throw why;
        }
        states.put(key, new State(state.receiver, end));
    }

    void commit(long term, long epoch, Map<String, String> meta) throws IOException {
        Key key = new Key(term, epoch);
        State state = find(key);
        End end = state.end;
        if (end == null) {
            throw new IOException(key + " has not arrived whole");
        }
        // The receiver drops what it cannot commit.
        states.remove(key);
        state.receiver.commit(end.length, end.crc32c, meta);
    }

    void drop(long term, long epoch) throws IOException {
        State state = states.remove(new Key(term, epoch));
        if (state != null) {
            state.receiver.abort();
        }
    }

    void dropAll() throws IOException {
        while (!states.isEmpty()) {
            Key first = states.keySet().iterator().next();
            drop(first.term, first.epoch);
        }
    }

    private State find(Key key) throws IOException {
        State state = states.get(key);
        if (state == null) {
            throw new IOException("nothing of " + key + " is arriving");
        }
        return state;
    }

    private void dropAfter(IOException why, long term, long epoch) {
        try {
            drop(term, epoch);
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }
}
