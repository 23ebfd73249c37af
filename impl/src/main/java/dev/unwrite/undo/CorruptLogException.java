package dev.unwrite.undo;

/**
 * Something that was once acknowledged is no longer as it was written: not the tail of a write that a crash cut short,
 * but damage. A rollback from such a log would not be complete, so it is refused.
 */
public final class CorruptLogException extends UndoLogException {
    private final String file;
    private final long record;
    private final long offset;

    CorruptLogException(String file, long record, long offset, String what) {
        super("undo log damaged: " + file + ", record " + record + " at offset " + offset + ": " + what
                + "; this host must not take over with it: repair its disk, move the folder away and let the node join"
                + " again as secondary");
        this.file = file;
        this.record = record;
        this.offset = offset;
    }

    /** The path of the damaged file. */
    public String file() {
        return file;
    }

    /** The number of the first damaged record. */
    public long record() {
        return record;
    }

    /** Where the record should be, in bytes from the start of the file. */
    public long offset() {
        return offset;
    }
}
