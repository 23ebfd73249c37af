package dev.unwrite.nbd;

/**
 * What a device knows of some adjacent bytes ("base:allocation").
 *
 * @param length how many bytes, at least one
 * @param hole   whether no space is taken for them, as far as the device knows
 * @param zero   whether they surely read as zeroes; false says nothing
 */
public record Allocation(long length, boolean hole, boolean zero) {
    /** Checks that there is something. */
    public Allocation {
        if (length < 1) {
            throw new IllegalArgumentException("an allocation of " + length + " bytes");
        }
    }

    /** Bytes of which nothing is known: they count as data. */
    public static Allocation data(long length) {
        return new Allocation(length, false, false);
    }

    /** A hole, which reads as zeroes. */
    public static Allocation emptiness(long length) {
        return new Allocation(length, true, true);
    }
}
