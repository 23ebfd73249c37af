package dev.unwrite.host;

/** The saved state of a machine, as long as it is needed. Only the shells know what is in it. */
public interface Saved {
    /** It is not needed any more. */
    void drop();
}
