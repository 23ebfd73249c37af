package dev.unwrite.node;

import dev.unwrite.host.Listener;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;
import dev.unwrite.trace.Contents;
import dev.unwrite.trace.TraceWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Takes the steps of a host down in its trace, and passes its words on. */
record NodeListener(TraceWriter trace, Consumer<String> lines, Consumer<String> fatal) implements Listener {
    @Override
    public void step(HostState before, Action action, HostState after, @Nullable Contents contents) {
        trace.step(before, action, after, contents);
    }

    @Override
    public void spoke(HostState state, long said) {
        trace.spoke(state, said);
    }

    @Override
    public boolean wantsContents() {
        return trace.active();
    }

    @Override
    public void log(String line) {
        lines.accept(line);
    }

    @Override
    public void end(String why) {
        fatal.accept(why);
    }
}
