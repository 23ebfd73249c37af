package dev.unwrite.conformance.cluster;

/** Mistakes that can be planted into what carries out the orders of a host, to see that the simulator notices them. */
public enum Slip {
    /** None. */
    NONE,
    /** The storage applies what a session that has ended asks for (rules FenceBeforeRollback, OneConnection). */
    NOT_FENCED,
    /** The storage answers a flush and does nothing. */
    FLUSH_FORGOTTEN,
    /** The storage writes FUA as it writes anything. */
    FUA_IGNORED,
    /** Copies are acknowledged before they are stored (rule StoreBeforeAck). */
    STORED_TOO_EARLY,
    /** A rollback gets all copies but the last (rule RestoreAll). */
    COPY_FORGOTTEN,
    /** Old copies and an old checkpoint are not discarded. */
    NOT_DISCARDED,
    /** A checkpoint is reported as committed and is not. */
    COMMIT_FORGOTTEN
}
