package dev.unwrite.storage;

/** The name of this host belongs to another data folder, or to another process that runs (rule OneLife). The message is one line that says what to do. */
public final class NameTakenException extends WrongIdentityException {
    private final boolean alive;

    /** With that line; {@code alive}: see {@link #alive}. */
    public NameTakenException(String message, boolean alive) {
        super(message);
        this.alive = alive;
    }

    /**
     * Whether it is so because somebody else was heard just now: a process with this very folder, or the one whose name is to
     * be taken over. It may be the last sign of a host that lost its power, so it makes sense to try again for a few seconds.
     */
    public boolean alive() {
        return alive;
    }
}
