package dev.unwrite.nbd;

import java.io.IOException;

/**
 * Lets both ends of a connection name a request: the client's caller may give it a tag, which travels in the upper half
 * of the request's cookie, and the server's device sees the cookie. For traces; nothing depends on it.
 */
public final class RequestCookie {
    /** What {@link #current} says outside of a server's request. */
    public static final long NONE = -1;

    private static final ScopedValue<Long> CURRENT = ScopedValue.newInstance();
    private static final ScopedValue<Integer> TAG = ScopedValue.newInstance();

    private RequestCookie() {}

    /** Something that talks to a device. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    /** Called by a device of a server: the cookie of the request that it serves, or {@link #NONE}. */
    public static long current() {
        return CURRENT.isBound() ? CURRENT.get() : NONE;
    }

    /** The tag in a cookie; 0 if the client gave none. */
    public static int tagOf(long cookie) {
        return (int) (cookie >>> 32);
    }

    /** Runs {@code action}; the requests that it makes of an {@link NbdClient} carry {@code tag}, which is positive. */
    public static <T, E extends Exception> T tagged(int tag, ScopedValue.CallableOp<T, E> action) throws E {
        if (tag <= 0) {
            throw new IllegalArgumentException("a tag is positive, not " + tag);
        }
        return ScopedValue.where(TAG, tag).call(action);
    }

    static void serving(long cookie, Action action) throws IOException {
        ScopedValue.where(CURRENT, cookie).<Boolean, IOException>call(() -> {
            action.run();
            return true;
        });
    }

    /** A cookie for a client's request: the tag of the caller and the lower half of a counter. */
    static long next(long counter) {
        long tag = TAG.isBound() ? TAG.get() : 0;
        return tag << 32 | (counter & 0xffff_ffffL);
    }
}
