package dev.unwrite.conformance.trace;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.storage.StorageObserver.Asked;
import dev.unwrite.storage.StorageObserver.Kind;
import dev.unwrite.storage.StorageObserver.Refusal;
import dev.unwrite.storage.StorageObserver.Write;
import dev.unwrite.trace.BlockHash;
import dev.unwrite.trace.StorageTrace;
import dev.unwrite.trace.TraceClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A storage in memory that follows the rules of fencing and sessions, and is traced like a real one. */
final class SimStorage {
    /** What its hosts call it in their traces. */
    static final String ID = "storage-1";

    private static final String GROUP = "vm";
    private static final List<String> VOLUMES = List.of("disk", "data");

    private final StorageTrace trace;
    private final Map<TraceEvent.BlockId, Integer> contents = new HashMap<>();
    private final Map<String, Session> newest = new TreeMap<>();
    private OwnershipRecord record = OwnershipRecord.INITIAL;
    private long boot = 1;
    private long count;

    /** Writes that have not arrived yet. */
    final List<OnWire> wire = new ArrayList<>();
    /** Answers that have not arrived yet. */
    final List<OnWire> replies = new ArrayList<>();

    /** A write or, with no extent of its own, a flush. */
    record OnWire(String host, long session, long id, Extent extent, int[] contents, boolean flush) {}

    SimStorage(Path dir, TraceClock clock) {
        trace = StorageTrace.open(dir, clock);
        trace.booted(GROUP, ID, boot, record, VOLUMES);
    }

    OwnershipRecord record() {
        return record;
    }

    Session open(String host, long term) {
        Session session = new Session(boot << 32 | ++count, host, term, false);
        Session ended = newest.put(host, session);
        wire.removeIf(write -> write.host.equals(host));
        trace.sessionOpened(GROUP, session, ended == null ? List.of() : List.of(ended));
        return session;
    }

    boolean isNewest(String host, long session) {
        Session now = newest.get(host);
        return now != null && now.number() == session;
    }

    boolean compareAndSet(String host, long session, long expected, OwnershipRecord next) {
        Session by = newest.get(host);
        if (by == null || by.number() != session || record.version() != expected) {
            return false;
        }
        record = next;
        trace.recordChanged(GROUP, by, next);
        return true;
    }

    /** What arrives next: applied if it may be, else lost. */
    void arrive(OnWire write) {
        wire.remove(write);
        Session session = newest.get(write.host);
        boolean admitted = session != null
                && session.number() == write.session
                && session.term() == record.term()
                && record.owner().equals(write.host);
        if (!admitted) {
            // Any host may flush until it is fenced.
            if (!write.flush
                    || session == null
                    || session.number() != write.session
                    || session.term() < record.term()) {
                trace.refused(new Refusal(
                        GROUP, write.host, write.session, record.term(), write.flush ? Asked.FLUSH : Asked.WRITE));
            }
            return;
        }
        if (write.flush) {
            for (String volume : VOLUMES) {
                trace.flushed(GROUP, volume, write.session);
            }
        } else {
            apply(write);
        }
        replies.add(write);
    }

    private void apply(OnWire write) {
        Extent extent = write.extent;
        ByteBuffer data = ByteBuffer.allocate((int) extent.lengthBytes());
        for (int i = 0; i < extent.count(); i++) {
            contents.put(new TraceEvent.BlockId(extent.volume(), extent.first() + i), write.contents[i]);
            data.putInt(i * Extent.BLOCK_BYTES, write.contents[i]);
        }
        trace.written(new Write(
                GROUP,
                VOLUMES.get(extent.volume()),
                write.session,
                -1,
                Kind.WRITE,
                extent.offsetBytes(),
                extent.lengthBytes(),
                data,
                true));
    }

    int read(int volume, long block) {
        return contents.getOrDefault(new TraceEvent.BlockId(volume, block), 0);
    }

    /** The storage starts again; nothing written is lost, but all that is under way. */
    void crash() {
        wire.clear();
        newest.clear();
        boot++;
        trace.booted(GROUP, ID, boot, record, VOLUMES);
    }

    void close() throws IOException {
        trace.close();
    }

    /** The hash of a block whose first bytes are this number. */
    static int hash(int content) {
        return BlockHash.of(ByteBuffer.allocate(Extent.BLOCK_BYTES).putInt(0, content))[0];
    }

    StorageObserver observer() {
        return trace;
    }
}
