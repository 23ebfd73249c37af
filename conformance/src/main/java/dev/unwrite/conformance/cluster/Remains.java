package dev.unwrite.conformance.cluster;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.checkpoint.StoredCheckpoint;
import dev.unwrite.protocol.HostState;
import dev.unwrite.store.DataFolder;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What is found on the disk of a host, by the real log and store. */
final class Remains {
    private final UndoLog undo;
    private final CheckpointStore store;

    private Remains(UndoLog undo, CheckpointStore store) {
        this.undo = undo;
        this.store = store;
    }

    static Remains of(SimDisk disk, UndoOptions options, long stateLimitBytes) throws IOException {
        return new Remains(
                UndoLog.openInline(disk.undo(), options),
                CheckpointStore.open(disk.checkpoints(), CheckpointStore.Policy.DURABLE, stateLimitBytes));
    }

    @Nullable
    StoredCheckpoint checkpoint() {
        return store.committed().orElse(null);
    }

    UndoLog undo() {
        return undo;
    }

    /** What a host starts with that finds this. */
    HostState started(String name, DataFolder folder) {
        return new LocalDisk(undo, store, folder).started(name);
    }

    MachineState state() throws IOException {
        try (InputStream state = store.open()) {
            return MachineState.of(state.readAllBytes());
        }
    }

    /** The image with the copies since a checkpoint written back. */
    int[] restored(int[] image, StoredCheckpoint since) throws IOException {
        int[] restored = image.clone();
        undo.rollback(since.term(), since.epoch(), (volume, first, count, data) -> {
            int from = Cells.volume(volume).firstCell() + (int) first * Cells.PER_BLOCK;
            int[] values = Cells.values(0, count * Cells.PER_BLOCK, data);
            System.arraycopy(values, 0, restored, from, values.length);
        });
        return restored;
    }
}
