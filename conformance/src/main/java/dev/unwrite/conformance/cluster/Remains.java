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
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is found on the disk of a host, by the real log and store. */
final class Remains {
    private final UndoLog undo;
    private final CheckpointStore store;
    private @Nullable MachineState state;
    private @Nullable List<Copied> copies;

    /** What a rollback writes: the numbers of cells that follow one another. */
    private record Copied(int firstCell, int[] values) {}

    private Remains(UndoLog undo, CheckpointStore store) {
        this.undo = undo;
        this.store = store;
    }

    static Remains of(SimDisk disk, UndoOptions options, long stateLimitBytes) throws IOException {
        return new Remains(
                UndoLog.openInline(disk.undo(), options),
                CheckpointStore.open(
                        disk.checkpoints(), CheckpointStore.Policy.DURABLE, stateLimitBytes, MachineState.PAGE_BYTES));
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

    /** The state of its checkpoint. */
    MachineState state() throws IOException {
        MachineState known = state;
        if (known == null) {
            try (InputStream bytes = store.open()) {
                known = MachineState.of(bytes.readAllBytes());
            }
            state = known;
        }
        return known;
    }

    /** The image with the copies since its checkpoint written back. */
    int[] restored(int[] image) throws IOException {
        int[] restored = image.clone();
        for (Copied copied : copies()) {
            System.arraycopy(copied.values, 0, restored, copied.firstCell, copied.values.length);
        }
        return restored;
    }

    private List<Copied> copies() throws IOException {
        List<Copied> known = copies;
        if (known == null) {
            List<Copied> found = new ArrayList<>();
            StoredCheckpoint since = store.committed().orElseThrow();
            undo.rollback(since.term(), since.epoch(), (volume, first, count, data) -> {
                int from = Cells.volume(volume).firstCell() + (int) first * Cells.PER_BLOCK;
                found.add(new Copied(from, Cells.values(0, count * Cells.PER_BLOCK, data)));
            });
            known = found;
            copies = known;
        }
        return known;
    }
}
