package dev.unwrite.host;

/** The saved state of a machine, as long as it is needed. Only the shells know what is in it. */
public interface Saved {
    /** Whether it is a delta on the state of the cut before. */
    boolean isDelta();

    /** It is not needed any more. */
    void drop();
}
