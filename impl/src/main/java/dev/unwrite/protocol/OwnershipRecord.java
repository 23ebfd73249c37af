package dev.unwrite.protocol;

import java.util.Locale;

/**
 * Who owns a group, as the shared storage remembers it: one small durable record, changed only by compare-and-set.
 *
 * @param version grows by one with each change; what a compare-and-set compares
 * @param term number of the current owner; the fencing token; grows with each change of owner
 * @param owner name of the host that may write, or empty while nobody has claimed the group
 * @param mode how the owner is protected
 * @param secondary name of the host that mirrors the owner, or empty
 * @param base the epoch of the checkpoint from which the secondary protects
 */
public record OwnershipRecord(long version, long term, String owner, Mode mode, String secondary, long base) {
    /** The record of a group that nobody has claimed yet. */
    public static final OwnershipRecord INITIAL = new OwnershipRecord(0, 0, "", Mode.NONE, "", 0);

    /** Throws {@link IllegalArgumentException} with one line if a number is negative. */
    public OwnershipRecord {
        if (version < 0 || term < 0 || base < 0) {
            throw new IllegalArgumentException("version, term and base of a record cannot be negative");
        }
    }

    /** The same record with another version. */
    public OwnershipRecord withVersion(long newVersion) {
        return new OwnershipRecord(newVersion, term, owner, mode, secondary, base);
    }

    /** How the owner of a group is protected. */
    public enum Mode {
        /** Nobody runs the machine. */
        NONE,
        /** The owner runs alone. */
        SOLO,
        /** The secondary may take over. */
        PROTECTED,
        /** The owner writes copies back and has not resumed yet. */
        ROLLBACK;

        /** The spelling in JSON and in files: lower case. */
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The inverse of {@link #wire}; throws {@link IllegalArgumentException} with one line for anything else. */
        public static Mode ofWire(String text) {
            for (Mode mode : values()) {
                if (mode.wire().equals(text)) {
                    return mode;
                }
            }
            throw new IllegalArgumentException("mode is none of none, solo, protected, rollback");
        }
    }
}
