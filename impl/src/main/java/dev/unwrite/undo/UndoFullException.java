package dev.unwrite.undo;

/** An append would exceed the limit of the log. Nothing of it was stored; the log goes on. */
public final class UndoFullException extends UndoLogException {
    private final long usedBytes;
    private final long limitBytes;

    UndoFullException(long neededBytes, long usedBytes, long limitBytes) {
        super("the undo log is full: " + usedBytes + " bytes of at most " + limitBytes + " are in use and "
                + neededBytes + " more are needed; commit a checkpoint to free space, or raise the limit");
        this.usedBytes = usedBytes;
        this.limitBytes = limitBytes;
    }

    /** The bytes that were in use when the append was refused. */
    public long usedBytes() {
        return usedBytes;
    }

    /** The limit in bytes. */
    public long limitBytes() {
        return limitBytes;
    }
}
