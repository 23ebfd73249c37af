package dev.unwrite.host;

/** The result of an order that has none but that it is done. */
public enum Done {
    /** It is done. */
    DONE
}
