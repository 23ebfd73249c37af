package dev.unwrite.checkpoint;

/** The committed checkpoint is damaged: this host cannot take over with it. */
public final class CorruptCheckpointException extends CheckpointException {
    private final String file;

    CorruptCheckpointException(String file, String what) {
        super("checkpoint damaged: " + file + ": " + what
                + "; this host must not take over with it: repair its disk, move"
                + " the file away and let the node join again as secondary");
        this.file = file;
    }

    /** The path of the damaged file. */
    public String file() {
        return file;
    }
}
