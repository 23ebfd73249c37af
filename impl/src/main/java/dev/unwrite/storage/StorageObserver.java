package dev.unwrite.storage;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Watches what takes effect at the storage, in the order in which it does. While {@link #active()}, the storage makes
 * the calls of one group one at a time, each at the moment of its effect: a write that is told of before a flush is
 * covered by it, and a write told of before a change of record was applied before it. Calls of different groups may
 * come at once. An observer must be quick and must not throw.
 */
public interface StorageObserver {
    /** Sees nothing and costs nothing. */
    StorageObserver NONE = () -> false;

    /** Whether the other methods are to be called at all; constant. */
    boolean active();

    /**
     * The storage started to serve a group, or one of the group's backends came back without what it had not flushed:
     * all sessions ended. {@code storage} is the storage's id; {@code volumes} are the names of the group's volumes at the
     * places of their ids, empty for an id whose volume is no more.
     */
    default void booted(String group, String storage, long boot, OwnershipRecord record, List<String> volumes) {}

    /**
     * Of what was not flushed, these blocks are about to come back with what they held when they were last durable; the rest
     * stays. Before {@link #booted}, and only of a storage that can tell: a simulated one.
     */
    default void lost(String group, List<Extent> blocks) {}

    /** A host opened a session; those in {@code ended} are over. */
    default void sessionOpened(String group, Session session, List<Session> ended) {}

    /** A compare-and-set of a session succeeded; {@code record} is durable. */
    default void recordChanged(String group, Session by, OwnershipRecord record) {}

    /** A write, trim or zeroing was applied. */
    default void written(Write write) {}

    /**
     * A host read whole blocks that it copies. Between the calls of {@link #written} for the same blocks: it saw the writes
     * that were told of before, and no other.
     */
    default void readForCopy(Read read) {}

    /** Everything written to the volume so far is durable. {@code session} is 0 for a client that never attached. */
    default void flushed(String group, String volume, long session) {}

    /**
     * These blocks have become durable though nobody flushed them. Only of a storage that can tell: a simulated one.
     */
    default void destaged(String group, List<Extent> blocks) {}

    /** A request was refused and has no effect, because the session that made it has ended or is not the owner's. */
    default void refused(Refusal refusal) {}

    /** What a session that may not have it asked for. */
    enum Asked {
        /** To change a volume. */
        WRITE,
        /** To make a volume durable. */
        FLUSH,
        /** To change the ownership record. */
        RECORD
    }

    /**
     * A request that was refused.
     *
     * @param host that of the session, as the client says
     * @param term of the record at that moment
     */
    record Refusal(String group, String host, long session, long term, Asked asked) {}

    /**
     * Blocks that a host read to copy them.
     *
     * @param session the number of the session
     * @param epoch of the copy, as the host says
     * @param offset of the blocks, in bytes
     * @param length of the blocks, in bytes
     * @param data what they held, with its own position and limit, valid only during the call; null for zeroes
     */
    record Read(
            String group,
            String volume,
            long session,
            long epoch,
            long offset,
            long length,
            @Nullable ByteBuffer data) {}

    /** What a client asked for. */
    enum Kind {
        /** Bytes. */
        WRITE,
        /** The range reads as zeroes now. */
        ZERO,
        /** The range is not needed any more, and reads as zeroes now. */
        TRIM
    }

    /**
     * One request that changed a volume.
     *
     * @param session the number of the session
     * @param cookie the request's cookie on the wire; its upper half is the tag that the client may have given the
     *     request, see {@link dev.unwrite.nbd.RequestCookie}; -1 where there is none
     * @param offset of the range, in bytes
     * @param length of the range, in bytes
     * @param data the bytes, with its own position and limit, valid only during the call; null unless a WRITE
     * @param certain false if the backend failed: the range may hold the old bytes, the new ones, or some of each
     */
    record Write(
            String group,
            String volume,
            long session,
            long cookie,
            Kind kind,
            long offset,
            long length,
            @Nullable ByteBuffer data,
            boolean certain) {
        Write uncertain() {
            return new Write(group, volume, session, cookie, kind, offset, length, data, false);
        }
    }
}
