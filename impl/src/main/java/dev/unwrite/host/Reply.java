package dev.unwrite.host;

import java.util.function.Consumer;

/**
 * Receives the outcome of an order. Exactly one of the two methods is called, once, and never before the call that gave the
 * order has returned. After a crash of the host, neither is called.
 *
 * @param <T> what the order results in
 */
public interface Reply<T> {
    /** It was carried out. */
    void done(T result);

    /** It was not carried out, or, with {@link Trouble.Kind#LOST}, it is not known whether it was. */
    void failed(Trouble why);

    /** Of two functions. */
    static <T> Reply<T> of(Consumer<? super T> done, Consumer<Trouble> failed) {
        return new Reply<>() {
            @Override
            public void done(T result) {
                done.accept(result);
            }

            @Override
            public void failed(Trouble why) {
                failed.accept(why);
            }
        };
    }
}
