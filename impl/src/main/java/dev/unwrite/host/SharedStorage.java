package dev.unwrite.host;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The storage that both hosts share. Requests go by session; they may be carried out and answered in any order. A session
 * ends when the host opens another, when the storage ends, or when the connection breaks: what was asked in it then fails
 * with {@link Trouble.Kind#ENDED} or {@link Trouble.Kind#LOST}. One that is idle and is hung up on is told by
 * {@link Host#hungUp}.
 */
public interface SharedStorage {
    /**
     * A session that was opened.
     *
     * @param number its number, larger than that of any before
     * @param boot which start of the storage it is
     * @param storage the id of the storage
     * @param record the ownership record at that moment
     * @param volumes the volumes of the group
     */
    record Session(long number, long boot, String storage, OwnershipRecord record, List<Volume> volumes) {
        /** Copies the list. */
        public Session {
            volumes = List.copyOf(volumes);
        }
    }

    /** A volume of the group: the id that the storage gave it, its name without that of the group, and its size. */
    record Volume(int id, String name, long sizeBytes) {}

    /** What a compare-and-set came to: whether it was done, and the record that is in force since. */
    record Changed(boolean agreed, OwnershipRecord record) {}

    /** Reads the ownership record, outside of any session. */
    void readRecord(Reply<OwnershipRecord> reply);

    /** Opens a session in a term; all earlier ones of this host end (rule OneConnection), before it is granted. */
    void open(long term, Reply<Session> reply);

    /** Gives the session up: its connections are closed. No reply of it is called any more. */
    void close(long session);

    /** Changes the record if its version is as expected. A reply that fails with {@code LOST} leaves open which it was. */
    void compareAndSet(long session, long expectedVersion, OwnershipRecord next, Reply<Changed> reply);

    /** Reads bytes of a volume; the buffer belongs to the caller from the reply on. */
    void read(long session, int volume, long offset, int length, Reply<ByteBuffer> reply);

    /** Reads all of an extent, which is to be copied in an epoch; zeroes need not be read. */
    void readOld(long session, long epoch, Extent extent, Reply<OldData> reply);

    /** Writes whole blocks; {@code data} is not changed meanwhile, null stands for zeroes. */
    void write(long session, Extent extent, @Nullable ByteBuffer data, boolean fua, Reply<Done> reply);

    /** Makes durable what was answered before, on all volumes. */
    void flush(long session, Reply<Done> reply);
}
