package dev.unwrite.store;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.host.Done;
import dev.unwrite.host.LocalStore;
import dev.unwrite.host.LocalStore.Copied;
import dev.unwrite.host.LocalStore.Settled;
import dev.unwrite.host.LocalStore.Stored;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Trouble;
import dev.unwrite.protocol.BlockSet;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.storage.WrongIdentityException;
import dev.unwrite.undo.Copy;
import dev.unwrite.undo.EpochDiscardedException;
import dev.unwrite.undo.UndoFullException;
import dev.unwrite.undo.UndoLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the orders of a {@link LocalStore} on undo log and checkpoint store, each at once: it has no thread and no
 * queue. The node calls it on the thread of its disk, the simulator when a move says so. One thread at a time; but
 * {@link #append} and {@link #discardBefore} may be called by another one, and {@link #position} and {@link #usedBytes} by any.
 * Undo log and store are closed by the caller.
 */
public final class LocalDisk implements Closeable {
    private final UndoLog undo;
    private final CheckpointStore store;
    private final DataFolder folder;
    private final Arriving arriving;
    private UndoLog.@Nullable Reading reading;

    /** Copies to be stored. */
    public record Append(long term, long epoch, OldData old) {}

    private interface Job {
        void run() throws IOException;
    }

    /** Of a log and a store that are open. */
    public LocalDisk(UndoLog undo, CheckpointStore store, DataFolder folder) {
        this.undo = undo;
        this.store = store;
        this.folder = folder;
        this.arriving = new Arriving(store);
    }

    /**
     * A host that has just started, with what is found here. Copies that do not belong to the committed checkpoint do not
     * count.
     */
    public HostState started(String name) {
        Checkpoint checkpoint = checkpoint();
        NavigableMap<CopyKey, Blocks> copies = new TreeMap<>();
        for (UndoLog.EpochInfo epoch : undo.epochs()) {
            CopyKey key = new CopyKey(epoch.epoch().term(), epoch.epoch().epoch());
            if (checkpoint == null || (key.term() == checkpoint.term() && key.epoch() >= checkpoint.epoch())) {
                copies.put(key, blocks(epoch.blocks()));
            }
        }
        return HostState.started(name, "", copies, checkpoint);
    }

    private static Blocks blocks(Map<Integer, BlockSet> byVolume) {
        List<BlockSet> volumes = new ArrayList<>();
        new TreeMap<>(byVolume).forEach((volume, set) -> {
            while (volumes.size() < volume) {
                volumes.add(BlockSet.EMPTY);
            }
            volumes.add(set);
        });
        while (!volumes.isEmpty() && volumes.getLast().isEmpty()) {
            volumes.removeLast();
        }
        return new Blocks(volumes);
    }

    /**
     * Stores the copies of many orders, with one sync; the future has how each ended, in their order. A log without threads is
     * done on return.
     */
    public CompletableFuture<List<Outcome<Stored>>> append(List<Append> appends) {
        List<CompletableFuture<Void>> stored;
        try {
            stored = undo.appendAll(appends.stream().map(LocalDisk::copies).toList());
        } catch (RuntimeException e) {
            // No order is left without an end, whatever went wrong.
            return CompletableFuture.completedFuture(appends.stream()
                    .map(append -> Outcome.<Stored>failed(Trouble.Kind.FAILED, e))
                    .toList());
        }
        return CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new))
                .handle((done, failed) -> stored.stream().map(LocalDisk::stored).toList());
    }

    private static List<Copy> copies(Append append) {
        int volume = append.old.extent().volume();
        List<Copy> copies = new ArrayList<>(append.old.parts().size());
        for (OldData.Part part : append.old.parts()) {
            copies.add(new Copy(append.term, append.epoch, volume, part.first(), part.count(), part.data()));
        }
        return copies;
    }

    private static Outcome<Stored> stored(CompletableFuture<Void> future) {
        try {
            future.join();
            return new Outcome<>(Stored.STORED, null);
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof EpochDiscardedException) {
                return new Outcome<>(Stored.NOT_WANTED, null);
            }
            return Outcome.failed(
                    cause instanceof UndoFullException ? Trouble.Kind.NO_SPACE : Trouble.Kind.FAILED, cause);
        }
    }

    /** As {@link LocalStore#discardBefore}. */
    public CompletableFuture<Outcome<Done>> discardBefore(long term, long epoch) {
        CompletableFuture<Void> discarded = undo.discardBefore(term, epoch);
        return discarded.handle((done, failed) -> attempt(() -> await(discarded)));
    }

    /** As {@link LocalStore#discardOthers}. */
    public Outcome<Done> discardOthers(long term) {
        return attempt(() -> {
            arriving.dropAll();
            if (store.committed().filter(held -> held.term() != term).isPresent()) {
                store.discard();
            }
            await(undo.discardBefore(term, 0));
        });
    }

    /** As {@link LocalStore#discardAll}. */
    public Outcome<Done> discardAll() {
        return attempt(() -> {
            arriving.dropAll();
            // In this order: copies without a checkpoint count for nothing, a checkpoint without its copies is wrong.
            store.discard();
            // A log that has failed keeps them; it says so again when it is asked to store.
            undo.discardAll().exceptionally(why -> null).join();
        });
    }

    /** As {@link LocalStore#settle}. */
    public Outcome<Settled> settle() {
        Outcome<Done> outcome = attempt(() -> {
            undo.settle();
            store.settle();
        });
        return outcome.why() == null
                ? new Outcome<>(new Settled(checkpoint()), null)
                : new Outcome<>(null, outcome.why());
    }

    private @Nullable Checkpoint checkpoint() {
        return store.committed().map(c -> new Checkpoint(c.term(), c.epoch())).orElse(null);
    }

    /** As {@link LocalStore#beginState}. */
    public Outcome<Done> beginState(long term, long epoch, long base) {
        return attempt(() -> arriving.begin(term, epoch, base));
    }

    /** As {@link LocalStore#writeState}. */
    public Outcome<Done> writeState(long term, long epoch, long offset, ByteBuffer bytes) {
        return attempt(() -> arriving.write(term, epoch, offset, bytes));
    }

    /** As {@link LocalStore#endState}. */
    public Outcome<Done> endState(long term, long epoch, long length, int crc32c) {
        return attempt(() -> arriving.end(term, epoch, length, crc32c));
    }

    /** As {@link LocalStore#commitState}. */
    public Outcome<Done> commitState(long term, long epoch) {
        return attempt(() -> arriving.commit(term, epoch, folder.checkpointMeta()));
    }

    /** After a commit, at leisure: what the next one would have to do before it. What fails is tried again by that one. */
    public void applyDelta() {
        Outcome<Done> _ = attempt(store::applyDelta);
    }

    /** As {@link LocalStore#dropState}; what cannot be deleted is deleted at the next start. */
    public void dropState(long term, long epoch) {
        Outcome<Done> _ = attempt(() -> arriving.drop(term, epoch));
    }

    /** As {@link LocalStore#readBack}. */
    public void readBack(long term, long epoch) {
        close();
        reading = undo.readBack(term, epoch, LocalStore.WINDOWS);
    }

    /** As {@link LocalStore#nextCopies}. */
    public Outcome<List<Copied>> nextCopies() {
        UndoLog.Reading open = reading;
        if (open == null) {
            return new Outcome<>(List.of(), null);
        }
        Read read = new Read();
        try {
            if (open.next(read) == 0) {
                close();
            }
            return new Outcome<>(read.copies, null);
        } catch (IOException e) {
            close();
            return Outcome.failed(Trouble.Kind.FAILED, e);
        }
    }

    /** As {@link LocalStore#belongsTo}. */
    public Outcome<Done> belongsTo(String storage) {
        return attempt(() -> folder.belongsTo(storage));
    }

    /** As {@link LocalStore#position}. */
    public long position() {
        return undo.position();
    }

    /** As {@link LocalStore#usedBytes}. */
    public long usedBytes() {
        return undo.usedBytes();
    }

    /** Ends a reading of copies that was not read to its end. */
    @Override
    public void close() {
        UndoLog.Reading open = reading;
        reading = null;
        if (open != null) {
            open.close();
        }
    }

    private static Outcome<Done> attempt(Job job) {
        try {
            job.run();
            return Outcome.DONE;
        } catch (WrongIdentityException e) {
            return Outcome.failed(Trouble.Kind.WRONG_IDENTITY, e);
        } catch (IOException e) {
            return Outcome.failed(Trouble.Kind.FAILED, e);
        }
    }

    private static void await(CompletableFuture<Void> future) throws IOException {
        try {
            future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException failed ? failed : new IOException(e.getMessage(), e);
        }
    }

    /** The visitor's data is valid only during the call. */
    private static final class Read implements UndoLog.Visitor {
        private final List<Copied> copies = new ArrayList<>();

        @Override
        public void restore(int volume, long firstBlock, int count, ByteBuffer data) {
            copies.add(new Copied(new Extent(volume, firstBlock, count), data));
        }

        @Override
        public void restoreZeroes(int volume, long firstBlock, int count) {
            copies.add(new Copied(new Extent(volume, firstBlock, count), null));
        }
    }
}
