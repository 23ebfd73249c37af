package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import dev.unwrite.nbd.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes, trims and zeroes cells, from any byte of a block to any other. Its own cells nobody else writes, and it asks for one
 * change of them after the other, so that they have an order. Of those that all writers share it changes some at once, which
 * mostly overlap: only a change that began when another one had ended comes after it. For a thread of its own.
 */
final class Writer implements Runnable {
    private static final int OWN_MAX = 4 * VolumeCell.PER_BLOCK;
    private static final int SHARED_MAX = 3 * VolumeCell.PER_BLOCK / 2;
    /** How far apart the changes begin that are under way together. */
    private static final int APART_MAX = VolumeCell.PER_BLOCK;

    private static final int SHARED_PERCENT = 30;
    private static final int TOGETHER_MAX = 4;
    private static final int BLOCKS_PERCENT = 25;
    private static final int FLUSH_PERCENT = 8;
    private static final int FUA_PERCENT = 8;
    /** Trims; as many again write zeroes. */
    private static final int TRIM_PERCENT = 6;

    private final String name;
    private final int number;
    private final Cells own;
    private final Cells shared;
    private final long everyNanos;
    private final Random chance;
    private final Traffic traffic;
    private final Recorder recorder;
    private final AtomicLong seqs;
    private final AtomicLong checkpoints;

    /** Neighbouring cells. */
    record Cells(int first, int count) {
        /** The whole blocks among them, if there are any. */
        Cells blocks() {
            int begin = Math.ceilDiv(first, VolumeCell.PER_BLOCK) * VolumeCell.PER_BLOCK;
            int end = (first + count) / VolumeCell.PER_BLOCK * VolumeCell.PER_BLOCK;
            return end > begin ? new Cells(begin, end - begin) : this;
        }
    }

    /**
     * A writer.
     *
     * @param everyNanos between two times that it asks for something, on average
     * @param seqs numbers for writes, for all writers
     * @param checkpoints the number of the last checkpoint that was asked for
     */
    Writer(
            int number,
            Cells own,
            Cells shared,
            long everyNanos,
            long seed,
            Traffic traffic,
            Recorder recorder,
            AtomicLong seqs,
            AtomicLong checkpoints) {
        this.name = "w" + number;
        this.number = number;
        this.own = own;
        this.shared = shared;
        this.everyNanos = everyNanos;
        this.chance = new Random(seed + number);
        this.traffic = traffic;
        this.recorder = recorder;
        this.seqs = seqs;
        this.checkpoints = checkpoints;
    }

    @Override
    public void run() {
        try {
            while (true) {
                Thread.sleep(chance.nextLong(2 * everyNanos) / 1_000_000);
                VolumeSession session = traffic.enter();
                if (session == null) {
                    return;
                }
                try {
                    if (chance.nextInt(100) < FLUSH_PERCENT) {
                        flush(session);
                    } else if (chance.nextInt(100) < SHARED_PERCENT) {
                        changeShared(session);
                    } else {
                        change(session, any(own, OWN_MAX)).run();
                    }
                } finally {
                    traffic.done();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Cells any(Cells within, int most) {
        int count = 1 + chance.nextInt(Math.min(most, within.count()));
        Cells any = new Cells(within.first() + chance.nextInt(within.count() - count + 1), count);
        return chance.nextInt(100) < BLOCKS_PERCENT ? any.blocks() : any;
    }

    /** Some changes at once, of much the same cells. */
    private void changeShared(VolumeSession session) throws InterruptedException {
        Cells around = any(shared, SHARED_MAX + APART_MAX);
        List<Thread> together = new ArrayList<>();
        for (int left = 2 + chance.nextInt(TOGETHER_MAX - 1); left > 0; left--) {
            together.add(Thread.ofVirtual().start(change(session, any(around, SHARED_MAX))));
        }
        for (Thread one : together) {
            one.join();
        }
    }

    /** A change of these cells, decided and begun; what is returned sends it and notes how it ended. */
    private Runnable change(VolumeSession session, Cells cells) {
        Asked asked = new Asked(kind(session, cells), name, session.host().name(), session.term());
        asked.seq = asked.op == Kind.WRITE ? seqs.getAndAdd(cells.count()) : 0;
        asked.cell = cells.first();
        asked.count = cells.count();
        asked.durable = chance.nextInt(100) < FUA_PERCENT;
        boolean noHole = chance.nextBoolean();
        return () -> {
            try {
                send(session.volume(), asked, noHole);
                recorder.add(asked.ended(Outcome.OK, null));
            } catch (IOException e) {
                // An error that was answered says no more than none: a part of it may have been written.
                recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
                session.close();
            }
        };
    }

    private Kind kind(VolumeSession session, Cells cells) {
        int one = chance.nextInt(100);
        // A client does nothing at all where the server cannot trim, and a host nothing to parts of blocks; that would
        // be
        // written down as done.
        boolean trims = one < TRIM_PERCENT
                && session.volume().info().canTrim()
                && VolumeCell.areBlocks(cells.first(), cells.count());
        return trims ? Kind.TRIM : one < 2 * TRIM_PERCENT ? Kind.ZERO : Kind.WRITE;
    }

    private void send(NbdClient volume, Asked asked, boolean noHole) throws IOException {
        long offset = VolumeCell.offset(asked.cell);
        long length = VolumeCell.offset(asked.cell + asked.count) - offset;
        switch (asked.op) {
            case TRIM -> volume.trim(offset, length, asked.durable);
            case ZERO -> volume.writeZeroes(offset, length, noHole, asked.durable);
            default -> {
                ByteBuffer bytes = ByteBuffer.allocate((int) length);
                for (int i = 0; i < asked.count; i++) {
                    new VolumeCell(asked.cell + i, asked.seq + i, number, checkpoints.get(), Asked.now()).put(bytes);
                }
                volume.write(offset, bytes.flip(), asked.durable);
            }
        }
    }

    private void flush(VolumeSession session) {
        Asked asked = new Asked(Kind.FLUSH, name, session.host().name(), session.term());
        try {
            session.volume().flush();
            recorder.add(asked.ended(Outcome.OK, null));
        } catch (IOException e) {
            recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
            session.close();
        }
    }
}
