package dev.unwrite.host;

/** The result of an order that returns nothing. */
public enum Done {
    /** It is done. */
    DONE
}
