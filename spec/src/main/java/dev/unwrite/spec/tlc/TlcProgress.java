package dev.unwrite.spec.tlc;

/**
 * How far a run has come.
 *
 * @param depth the length of the longest path looked at
 * @param generated states generated
 * @param distinct distinct states among them
 * @param queue states whose successors are still to be found
 */
public record TlcProgress(int depth, long generated, long distinct, long queue) {
    /** Before anything was said. */
    public static final TlcProgress NONE = new TlcProgress(0, 0, 0, 0);
}
