package dev.unwrite.host;

import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a secondary keeps on its own disk: the undo log, the committed checkpoint, and checkpoints that are arriving. What is
 * durable always looks as if orders had been carried out in the order given; many appends share a sync.
 */
public interface LocalStore {
    /** Of so many calls of {@link #nextCopies} the contents are in memory at once. */
    int WINDOWS = 3;

    /** What became of an append. */
    enum Stored {
        /** It is stored, under the policy of the log. */
        STORED,
        /** Its epoch was discarded meanwhile; nobody needs it. */
        NOT_WANTED
    }

    /** The committed checkpoint that a restart finds, or null. */
    record Settled(@Nullable Checkpoint checkpoint) {}

    /** Adjacent blocks of the undo log; {@code data} null for zeroes. */
    record Copied(Extent extent, @Nullable ByteBuffer data) {}

    /**
     * Stores copies of one epoch. A full log fails with {@link Trouble.Kind#NO_SPACE}, before anything of it is stored; any
     * other failure means that the log takes nothing any more.
     */
    void append(long term, long epoch, OldData old, Reply<Stored> reply);

    /** Discards copies of earlier epochs and terms. Not durable on reply; a crash may bring them back. */
    void discardBefore(long term, long epoch, Reply<Done> reply);

    /** Discards a checkpoint of another term, what has arrived of any, and copies of earlier terms; durable. */
    void discardOthers(long term, Reply<Done> reply);

    /**
     * Discards everything. On reply the checkpoint is durably gone; copies without a checkpoint are never used, even if a crash
     * brings some back. On failure the checkpoint may still be there. May be repeated.
     */
    void discardAll(Reply<Done> reply);

    /**
     * After an append or a commit that failed, and while none is under way: makes sure that a restart finds what this host
     * knows of, no copy more, and the checkpoint that it is told. Durable on reply. On failure it may be tried again.
     */
    void settle(Reply<Settled> reply);

    /** A state begins to arrive, as a delta if {@code base} is not 0; what had arrived of it before is dropped. */
    void beginState(long term, long epoch, long base, Reply<Done> reply);

    /** The next part of it; {@code bytes} belong to the store from here on. */
    void writeState(long term, long epoch, long offset, ByteBuffer bytes, Reply<Done> reply);

    /** It is whole: verifies length and CRC32C. What failed is dropped. */
    void endState(long term, long epoch, long length, int crc32c, Reply<Done> reply);

    /**
     * Switches a state that is whole in as the committed checkpoint, in one piece and durably; dropped if that fails. A delta
     * is taken only over its base.
     */
    void commitState(long term, long epoch, Reply<Done> reply);

    /** Drops what has arrived of a state that is not committed; nothing if there is none. */
    void dropState(long term, long epoch);

    /** Begins to read back the copies since an epoch, the oldest of each block; an earlier reading is given up. */
    void readBack(long term, long epoch);

    /**
     * The next few MiB of copies; an empty list at the end. Their contents stay as they are until it has been called
     * {@link #WINDOWS} times more in this reading.
     */
    void nextCopies(Reply<List<Copied>> reply);

    /** The storage that this folder belongs to from here on, durably; nothing is done if that was known. */
    void belongsTo(String storage, Reply<Done> reply);

    /** The number of the newest copy that is stored. It only grows. */
    long position();

    /** The size of the undo log, in bytes. */
    long usedBytes();
}
