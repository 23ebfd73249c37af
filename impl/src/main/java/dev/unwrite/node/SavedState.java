package dev.unwrite.node;

import dev.unwrite.host.Saved;
import dev.unwrite.machine.Machine;
import java.io.IOException;
import java.io.InputStream;

/** The saved state of a machine, which may be a file. */
final class SavedState implements Saved {
    private final Machine.Saved state;
    private volatile boolean dropped;

    SavedState(Machine.Saved state) {
        this.state = state;
    }

    InputStream pieces() throws IOException {
        return state.pieces();
    }

    @Override
    public boolean isDelta() {
        return state.isDelta();
    }

    /** Whether nobody needs it any more. */
    boolean isDropped() {
        return dropped;
    }

    /** To delete a file may take a while. */
    @Override
    public void drop() {
        dropped = true;
        Thread.ofVirtual().name("drop-state").start(() -> {
            try {
                state.close();
            } catch (IOException e) {
                System.getLogger(SavedState.class.getName())
                        .log(System.Logger.Level.WARNING, "a saved state is left behind: {0}", e.getMessage());
            }
        });
    }
}
