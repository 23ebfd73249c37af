package dev.unwrite.storage;

/** Hands out session numbers that never come twice: the boot number is durable, the counter starts anew with it. */
final class SessionNumbers {
    private static final long COUNTER_MAX = 0xffff_ffffL;

    private long boot;
    private long counter;

    SessionNumbers(long boot) {
        this.boot = boot;
    }

    synchronized long boot() {
        return boot;
    }

    /** Goes on under a higher boot number, which is durable by now. */
    synchronized void rebooted(long newBoot) {
        if (newBoot > boot) {
            boot = newBoot;
            counter = 0;
        }
    }

    synchronized long next() {
        if (counter == COUNTER_MAX) {
            throw new IllegalStateException("out of session numbers: the storage must be started again");
        }
        counter++;
        return boot << 32 | counter;
    }
}
