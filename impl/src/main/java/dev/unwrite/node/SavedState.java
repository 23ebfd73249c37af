package dev.unwrite.node;

import dev.unwrite.host.Saved;
import dev.unwrite.machine.Machine;
import java.io.IOException;
import java.io.InputStream;

/** The saved state of a machine, which may be a file. */
record SavedState(Machine.Saved state) implements Saved {
    InputStream open() throws IOException {
        return state.open();
    }

    /** To delete a file may take a while. */
    @Override
    public void drop() {
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
