package dev.unwrite.protocol;

import java.util.Locale;

/** What a primary believes of its protection. */
public enum Mode {
    /** It runs alone. */
    SOLO,
    /** The other host receives a whole checkpoint; copies are asked for and output is held as if protected. */
    JOINING,
    /** The record says that the other host may take over. */
    PROTECTED;

    /** The spelling in the specification, in traces and in the status. */
    public String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }
}
