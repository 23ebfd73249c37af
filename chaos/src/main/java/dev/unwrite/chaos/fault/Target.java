package dev.unwrite.chaos.fault;

import java.util.Locale;

/** Whom a fault hits; who that is, is seen when it strikes. */
public enum Target {
    /** The host that runs the machine. */
    PRIMARY,
    /** The other one. */
    SECONDARY,
    /** The shared storage. */
    STORAGE,
    /** Both hosts. */
    BOTH;

    /** As people write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
