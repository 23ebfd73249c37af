package dev.unwrite.host;

/**
 * The newest copy that the other host has acknowledged, by the record numbers of its undo log, which only grow (rule OneLife).
 * Used to notice a host that comes back with less. Kept for each life of its process, since the greeting of a new life may be
 * read after its first acknowledgment.
 */
final class Acknowledged {
    private String undo = "";
    private long earlierLives;
    private long life;
    private long position;

    /** Starts over: from now on the host must hold what it holds now. */
    void begin(String undoLog, long heldNow) {
        undo = undoLog;
        earlierLives = heldNow;
        life = 0;
        position = heldNow;
    }

    /** A process of that host has acknowledged copies up to this number. */
    void acknowledged(long byLife, long upTo) {
        if (byLife != life) {
            earlierLives = Math.max(earlierLives, position);
            life = byLife;
            position = upTo;
        } else {
            position = Math.max(position, upTo);
        }
    }

    /** Whether the undo log is the one that acknowledged. */
    boolean isOf(String undoLog) {
        return undo.equals(undoLog);
    }

    /** Whether a process that holds copies up to {@code held} lacks what an earlier one had acknowledged. */
    boolean isMoreThan(long ofLife, long held) {
        return held < (ofLife == life ? earlierLives : Math.max(earlierLives, position));
    }
}
