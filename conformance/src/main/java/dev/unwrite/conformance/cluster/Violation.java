package dev.unwrite.conformance.cluster;

import java.util.function.Supplier;

/** A run broke a property of the design; the message says how. */
public final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String property;

    Violation(String property, String how) {
        super(property + ": " + how);
        this.property = property;
    }

    Violation(String property, String how, Throwable cause) {
        super(property + ": " + how, cause);
        this.property = property;
    }

    static void require(String property, boolean holds, Supplier<String> how) {
        if (!holds) {
            throw new Violation(property, how.get());
        }
    }

    /** The name of the property, as in the specification. */
    public String property() {
        return property;
    }
}
