package dev.unwrite.cli;

/** The exit codes of every command. */
public final class Exit {
    /** All is well. */
    public static final int OK = 0;
    /** A check failed, or what was asked for did not happen. */
    public static final int FAILED = 1;
    /** A wrong flag, or input that cannot be used. */
    public static final int USAGE = 2;
    /** This machine lacks something that the command needs. */
    public static final int LACKING = 3;

    private Exit() {}
}
