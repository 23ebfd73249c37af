package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import dev.unwrite.trace.Contents;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the protocol state of this host, and is the only caller of {@link Protocol#step}. When a method returns, the step was
 * reported to the listener and all its effects have been ordered, in their order.
 */
final class Core {
    private final Listener listener;
    private final Consumer<Effect> effects;
    private HostState state;

    Core(HostState initial, Listener listener, Consumer<Effect> effects) {
        this.state = initial;
        this.listener = listener;
        this.effects = effects;
    }

    HostState state() {
        return state;
    }

    /** Sets the name of the other host, once it is known. */
    void peerIs(String name) {
        state = state.withPeer(name);
    }

    /** Takes the action and performs what follows from it; false if the protocol refuses it. */
    boolean take(Action action) {
        return take(action, null) == null;
    }

    /** As above; says why it was refused, or null. {@code contents} are those of the extent's blocks, for the trace. */
    @Nullable
    String take(Action action, @Nullable Contents contents) {
        HostState before = state;
        return switch (Protocol.step(before, action)) {
            case Step.Refused(String why) -> why;
            case Step.Taken(HostState next, List<Effect> follow) -> {
                state = next;
                listener.step(before, action, next, contents);
                follow.forEach(effects);
                yield null;
            }
        };
    }

    /** Takes an action that must be allowed; a refusal is a bug. */
    void must(Action action) {
        must(action, null);
    }

    /** As above, with the contents of the extent's blocks. */
    void must(Action action, @Nullable Contents contents) {
        String why = take(action, contents);
        if (why != null) {
            throw new IllegalStateException(action.name() + " was refused: " + why);
        }
    }
}
