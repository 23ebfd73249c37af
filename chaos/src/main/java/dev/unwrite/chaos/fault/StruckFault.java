package dev.unwrite.chaos.fault;

import java.util.function.Supplier;

/** A fault that has struck, made of parts. */
record StruckFault(String hit, long holdMillis, Supplier<String> evidence, Runnable healing)
        implements Fault.Injection {
    /** One that is over when it has struck: a kill. */
    static StruckFault atOnce(String hit, long holdMillis, String seen) {
        return new StruckFault(hit, holdMillis, () -> seen, () -> {});
    }

    @Override
    public String seen() {
        return evidence.get();
    }

    @Override
    public void heal() {
        healing.run();
    }
}
