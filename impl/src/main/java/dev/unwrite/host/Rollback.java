package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the copies of the undo log back, the oldest of each block (rules OldestCopyWins, RestoreAll). Reads a few MiB at a time,
 * so that memory need not hold all of them, and writes many at once. After a broken session, or where the log could not be
 * read, it starts again with what is still owed.
 */
final class Rollback {
    /** The most writes in flight. */
    private static final int WRITES_MAX = 16;

    private final Host h;
    private final Consumer<Trouble> failed;
    private final Deque<LocalStore.Copied> copies = new ArrayDeque<>();
    private long pass;
    private boolean reading;
    private boolean allRead;
    /** Writes under way in this session, of whichever pass. */
    private int writing;
    /** Of this pass, by each of the last times that copies were read: their memory is used again in turn. */
    private int[] writingOf = new int[LocalStore.WINDOWS];
    /** How many times copies were read in this pass. */
    private int windows;

    private long blocks;
    private long lastBlocks;

    Rollback(Host h, Consumer<Trouble> failed) {
        this.h = h;
        this.failed = failed;
    }

    void start() {
        Checkpoint held = h.state().checkpoint();
        if (held == null) {
            throw new IllegalStateException("no checkpoint to go back to");
        }
        pass++;
        copies.clear();
        writingOf = new int[LocalStore.WINDOWS];
        windows = 0;
        reading = false;
        allRead = false;
        h.store().readBack(held.term(), held.epoch());
        pump();
    }

    private void pump() {
        if (!h.sessions.isUsable()) {
            return;
        }
        while (writing < WRITES_MAX && !copies.isEmpty()) {
            write(copies.remove());
        }
        if (copies.isEmpty() && !reading && !allRead && writingOf[(windows + 1) % LocalStore.WINDOWS] == 0) {
            reading = true;
            windows++;
            long mine = pass;
            h.store().nextCopies(Reply.of(next -> wereRead(next, mine), why -> {
                if (mine == pass) {
                    // This pass reads no more, but what it writes counts in the next one, too.
                    failed.accept(why);
                }
            }));
        }
        if (allRead && copies.isEmpty() && writing == 0) {
            if (h.state().owed().isEmpty()) {
                h.takeover.proceed();
            } else {
                failed.accept(Trouble.of(
                        Trouble.Kind.FAILED, "the undo log lacks copies of blocks that have to be written back"));
            }
        }
    }

    private void wereRead(List<LocalStore.Copied> next, long mine) {
        if (mine != pass) {
            return;
        }
        reading = false;
        allRead = next.isEmpty();
        copies.addAll(next);
        pump();
    }

    private void write(LocalStore.Copied copied) {
        Blocks all = Blocks.of(copied.extent());
        Blocks owed = h.state().owed().without(h.state().owedSent());
        for (Extent extent : all.without(all.without(owed)).extents()) {
            for (long first = extent.first(); first < extent.end(); first += Writes.MAX_BLOCKS) {
                int count = (int) Math.min(Writes.MAX_BLOCKS, extent.end() - first);
                Extent piece = new Extent(extent.volume(), first, count);
                write(piece, slice(copied, piece));
            }
        }
    }

    private static @Nullable ByteBuffer slice(LocalStore.Copied copied, Extent piece) {
        ByteBuffer data = copied.data();
        int from = (int) (piece.first() - copied.extent().first()) * Extent.BLOCK_BYTES;
        return data == null ? null : data.slice(data.position() + from, (int) piece.lengthBytes());
    }

    private void write(Extent piece, @Nullable ByteBuffer data) {
        long session = h.sessions.number();
        h.core.must(new Action.SendWrite(HostState.OWED, piece));
        writing++;
        int[] own = writingOf;
        int window = windows % LocalStore.WINDOWS;
        own[window]++;
        h.storage()
                .write(
                        session,
                        piece,
                        data,
                        false,
                        Reply.of(
                                done -> {
                                    if (h.sessions.is(session)) {
                                        writing--;
                                        own[window]--;
                                        blocks += piece.count();
                                        lastBlocks += piece.count();
                                        h.core.must(new Action.WriteDone(HostState.OWED, piece, session));
                                        pump();
                                    }
                                },
                                why -> h.sessions.broke(session, why)));
    }

    /** Ends this pass with its session; their replies are ignored. */
    void end() {
        pass++;
        copies.clear();
        writing = 0;
    }

    /** The rollback is over; the next one starts from zero. */
    void over() {
        end();
        lastBlocks = 0;
    }

    long lastBlocks() {
        return lastBlocks;
    }

    long blocksTotal() {
        return blocks;
    }
}
