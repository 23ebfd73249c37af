package dev.unwrite.store;

import dev.unwrite.host.Done;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How an order to the local disk ended: exactly one of the two is there.
 *
 * @param <T> what the order results in
 */
public record Outcome<T>(@Nullable T result, @Nullable Trouble why) {
    /** It was carried out. */
    static final Outcome<Done> DONE = new Outcome<>(Done.DONE, null);

    /** Checks that it is one of the two. */
    public Outcome {
        if ((result == null) == (why == null)) {
            throw new IllegalArgumentException("an order either succeeds or fails");
        }
    }

    static <T> Outcome<T> failed(Trouble.Kind kind, Throwable why) {
        return new Outcome<>(null, new Trouble(kind, Objects.requireNonNullElse(why.getMessage(), why.toString())));
    }

    /** Tells the host; where the host is. */
    public void tell(Reply<T> reply) {
        if (result != null) {
            reply.done(result);
        } else {
            reply.failed(Objects.requireNonNull(why));
        }
    }
}
