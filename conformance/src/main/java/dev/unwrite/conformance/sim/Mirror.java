package dev.unwrite.conformance.sim;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.protocol.BlockSet;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.undo.Copy;
import dev.unwrite.undo.EpochDiscardedException;
import dev.unwrite.undo.UndoFullException;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The local storage of a host: the real undo log and the real checkpoint store on a simulated disk. */
final class Mirror {
    /** Small segments, so that a run sees many; little room, so that it sees the limit: 8 pages for each block. */
    private static UndoOptions options(int blocks) {
        return new UndoOptions(UndoOptions.Policy.DURABLE, blocks * 8L * 4096, 75, 8 * 4096, 1, 2, Duration.ZERO);
    }

    private static final long STATE_LIMIT_BYTES = 1 << 16;

    private final UndoLog log;
    private final CheckpointStore store;
    private final List<Wanted> wanted = new ArrayList<>();
    private final List<CopyKey> discards = new ArrayList<>();
    private final Map<Long, Incoming> incoming = new TreeMap<>();

    /** A copy that is to be taken. */
    static final class Wanted {
        final CopyKey key;
        final Extent extent;
        int @Nullable [] values;

        Wanted(CopyKey key, Extent extent) {
            this.key = key;
            this.extent = extent;
        }
    }

    /** What became of an attempt to store a copy. */
    enum Outcome {
        STORED,
        FULL,
        FAILED
    }

    private record Incoming(long term, CheckpointStore.Receiver receiver, int length, long crc32c) {}

    private Mirror(UndoLog log, CheckpointStore store) {
        this.log = log;
        this.store = store;
    }

    /** Of a volume with so many blocks. */
    static Mirror open(SimDisk disk, int blocks) throws IOException {
        UndoLog log = UndoLog.openInline(disk.undo(), options(blocks));
        CheckpointStore store =
                CheckpointStore.open(disk.checkpoints(), CheckpointStore.Policy.DURABLE, STATE_LIMIT_BYTES);
        return new Mirror(log, store);
    }

    /** Names the undo log; another one on this or another disk has another. */
    String logId() {
        return log.id();
    }

    @Nullable
    Checkpoint checkpoint() {
        return store.committed().map(c -> new Checkpoint(c.term(), c.epoch())).orElse(null);
    }

    /** As the node does: copies that do not belong to the committed checkpoint do not count. */
    NavigableMap<CopyKey, Blocks> index() {
        Checkpoint held = checkpoint();
        NavigableMap<CopyKey, Blocks> copies = new TreeMap<>();
        for (UndoLog.EpochInfo epoch : log.epochs()) {
            CopyKey key = new CopyKey(epoch.epoch().term(), epoch.epoch().epoch());
            if (held == null || (key.term() == held.term() && key.epoch() >= held.epoch())) {
                Blocks blocks = Blocks.NONE;
                for (Map.Entry<Integer, BlockSet> volume : epoch.blocks().entrySet()) {
                    for (BlockSet.Range range : volume.getValue().ranges()) {
                        blocks = blocks.with(new Extent(volume.getKey(), range.first(), (int) range.count()));
                    }
                }
                copies.put(key, blocks);
            }
        }
        return copies;
    }

    void forget() {
        wanted.clear();
        incoming.clear();
        discards.clear();
    }

    // ---- Copies.

    void toCopy(long term, long epoch, List<Extent> extents) {
        extents.forEach(extent -> wanted.add(new Wanted(new CopyKey(term, epoch), extent)));
    }

    /** The copies that are to be taken, in the order in which they were asked for. */
    List<Wanted> wanted() {
        return java.util.Collections.unmodifiableList(wanted);
    }

    void done(Wanted copy) {
        wanted.remove(copy);
    }

    Outcome store(Wanted copy) {
        int[] values = java.util.Objects.requireNonNull(copy.values);
        CompletableFuture<Void> stored = log.append(new Copy(
                copy.key.term(), copy.key.epoch(), copy.extent.volume(), copy.extent.first(), Content.of(values)));
        try {
            stored.join();
            return Outcome.STORED;
        } catch (CompletionException e) {
            // A copy of an epoch that is discarded is not wanted any more: nobody waits for it.
            return e.getCause() instanceof UndoFullException
                    ? Outcome.FULL
                    : e.getCause() instanceof EpochDiscardedException ? Outcome.STORED : Outcome.FAILED;
        }
    }

    void toDiscard(long term, long epoch) {
        discards.add(new CopyKey(term, epoch));
    }

    boolean hasToDiscard() {
        return !discards.isEmpty();
    }

    void discard() throws IOException {
        CopyKey upTo = discards.removeFirst();
        await(log.discardBefore(upTo.term(), upTo.epoch()));
    }

    /** As the node does: once the checkpoint is durably gone, copies count for nothing, and may stay. */
    void discardAll() throws IOException {
        forget();
        store.discard();
        log.discardAll().exceptionally(e -> null).join();
    }

    void discardOthers(long term) throws IOException {
        Checkpoint held = checkpoint();
        forget();
        if (held != null && held.term() != term) {
            store.discard();
        }
        await(log.discardBefore(term, 0));
    }

    private static void await(CompletableFuture<Void> future) throws IOException {
        try {
            future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException failed ? failed : new IOException(e);
        }
    }

    /** What a rollback to the checkpoint writes back. */
    Map<Long, Integer> copiesSince(long term, long epoch) throws IOException {
        Map<Long, Integer> copies = new HashMap<>();
        log.rollback(term, epoch, (volume, first, count, data) -> {
            int[] values = Content.values(data);
            for (int i = 0; i < count; i++) {
                copies.put(first + i, values[i]);
            }
        });
        return copies;
    }

    // ---- Checkpoints.

    /** Parts come in their order or do not count. */
    void receive(Message.Part part) throws IOException {
        Incoming arriving = incoming.get(part.epoch());
        if (part.offset() == 0) {
            Checkpoint held = checkpoint();
            boolean late = held != null && held.term() == part.term() && part.epoch() <= held.epoch();
            if (arriving != null || late || incoming.size() == CheckpointStore.MAX_RECEIVERS) {
                return;
            }
            arriving = new Incoming(part.term(), store.begin(part.term(), part.epoch()), part.length(), part.crc32c());
            incoming.put(part.epoch(), arriving);
        }
        if (arriving == null || arriving.receiver.received() != part.offset()) {
            return;
        }
        arriving.receiver.write(part.offset(), part.bytes().duplicate());
    }

    /** The epochs whose state has arrived whole and is not committed. */
    List<Long> whole(long term) {
        List<Long> epochs = new ArrayList<>();
        incoming.forEach((epoch, arrived) -> {
            if (arrived.term == term && arrived.receiver.received() == arrived.length) {
                epochs.add(epoch);
            }
        });
        return epochs;
    }

    void drop(long epoch) {
        Incoming arriving = incoming.remove(epoch);
        if (arriving != null) {
            try {
                arriving.receiver.abort();
            } catch (IOException e) {
                // The disk died meanwhile, and with it what had arrived.
            }
        }
    }

    void commit(long term, long epoch) throws IOException {
        Incoming arrived = incoming.remove(epoch);
        if (arrived == null || arrived.term != term) {
            throw new IOException("nothing arrived for epoch " + epoch);
        }
        arrived.receiver.commit(arrived.length, arrived.crc32c);
        for (Long older : List.copyOf(incoming.keySet())) {
            if (older < epoch) {
                java.util.Objects.requireNonNull(incoming.remove(older))
                        .receiver
                        .abort();
            }
        }
    }

    byte[] state() throws IOException {
        try (InputStream state = store.open()) {
            return state.readAllBytes();
        }
    }
}
