package dev.unwrite.storage;

/**
 * One host's right to talk to one group of the storage, from its {@code open} to the host's next {@code open} or the
 * storage's restart (rule OneConnection).
 *
 * @param number unique for ever: the boot number in the upper 32 bits, a counter in the lower
 * @param host the host that opened it
 * @param term the term in which the host means to act; it writes only while the record says the same
 * @param owned whether it has ever been the owner's: if so, a higher term ends its reads too
 */
public record Session(long number, String host, long term, boolean owned) {
    /** The boot number in which this session was opened. */
    public long boot() {
        return number >>> 32;
    }

    Session asOwned() {
        return owned ? this : new Session(number, host, term, true);
    }
}
