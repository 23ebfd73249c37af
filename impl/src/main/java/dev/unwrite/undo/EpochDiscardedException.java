package dev.unwrite.undo;

/** A copy came late: the checkpoint that a later one has replaced is all that it would be good for. */
public final class EpochDiscardedException extends IllegalArgumentException {
    EpochDiscardedException(EpochKey epoch) {
        super("a copy of " + epoch + ", which is already discarded");
    }
}
