package dev.unwrite.host;

/**
 * How far the other host has stored copies, as it said itself: the numbers of its undo log only grow (rule OneLife). Kept
 * apart for each life of its process, since what a new life says when it is met may be read after what it acknowledged first.
 */
final class Acknowledged {
    private String undo = "";
    private long earlierLives;
    private long life;
    private long position;

    /** The host begins anew: what it holds now is what it has to hold from here on. */
    void begin(String undoLog, long heldNow) {
        undo = undoLog;
        earlierLives = heldNow;
        life = 0;
        position = heldNow;
    }

    /** A process of that host has said that its copies are safe up to this number. */
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
