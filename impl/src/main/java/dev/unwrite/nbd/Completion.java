package dev.unwrite.nbd;

/**
 * Takes how a request of an {@link AsyncDevice} ended; one of the two methods is called, once, by the thread of the loop.
 *
 * @param <T> what the request results in
 */
public interface Completion<T> {
    /** Instead of an error number: the connection broke before there was an answer. */
    int LOST = 0;

    /** It is done. */
    void done(T result);

    /** It is not: an error number of {@link NbdError} or {@link #LOST}, and one line. */
    void failed(int error, String why);
}
