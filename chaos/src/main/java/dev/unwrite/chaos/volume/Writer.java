package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import dev.unwrite.nbd.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes, trims and zeroes blocks that nobody else writes, one request after the other, so that the writes of each block have
 * an order. For a thread of its own.
 */
final class Writer implements Runnable {
    private static final int COUNT_MAX = 4;
    private static final int FLUSH_PERCENT = 8;
    private static final int FUA_PERCENT = 8;
    /** Trims; as many again write zeroes. */
    private static final int TRIM_PERCENT = 4;

    private final String name;
    private final int number;
    private final int first;
    private final int blocks;
    private final long everyNanos;
    private final Random chance;
    private final Traffic traffic;
    private final Recorder recorder;
    private final AtomicLong seqs;
    private final AtomicLong checkpoints;

    /**
     * @param first of its blocks, {@code blocks} in all
     * @param everyNanos between two requests, on average
     * @param seqs numbers for writes, for all writers
     * @param checkpoints the number of the last checkpoint that was asked for
     */
    Writer(
            int number,
            int first,
            int blocks,
            long everyNanos,
            long seed,
            Traffic traffic,
            Recorder recorder,
            AtomicLong seqs,
            AtomicLong checkpoints) {
        this.name = "w" + number;
        this.number = number;
        this.first = first;
        this.blocks = blocks;
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
                    } else {
                        write(session);
                    }
                } finally {
                    traffic.done();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(VolumeSession session) {
        int count = 1 + chance.nextInt(Math.min(COUNT_MAX, blocks));
        int block = first + chance.nextInt(blocks - count + 1);
        Asked asked = new Asked(kind(session), name, session.host().name(), session.term());
        asked.seq = asked.op == Kind.WRITE ? seqs.getAndAdd(count) : 0;
        asked.block = block;
        asked.count = count;
        asked.durable = chance.nextInt(100) < FUA_PERCENT;
        try {
            send(session.volume(), asked);
            recorder.add(asked.ended(Outcome.OK, null));
        } catch (IOException e) {
            // An error that was answered says no more than none: a part of it may have been written.
            recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
            session.close();
        }
    }

    private Kind kind(VolumeSession session) {
        int one = chance.nextInt(100);
        // A client does nothing at all where the server cannot trim, and that would be written down as done.
        boolean trims = one < TRIM_PERCENT && session.volume().info().canTrim();
        return trims ? Kind.TRIM : one < 2 * TRIM_PERCENT ? Kind.ZERO : Kind.WRITE;
    }

    private void send(NbdClient volume, Asked asked) throws IOException {
        long offset = (long) asked.block * VolumeBlock.BYTES;
        long length = (long) asked.count * VolumeBlock.BYTES;
        switch (asked.op) {
            case TRIM -> volume.trim(offset, length, asked.durable);
            case ZERO -> volume.writeZeroes(offset, length, chance.nextBoolean(), asked.durable);
            default -> {
                ByteBuffer bytes = ByteBuffer.allocate((int) length);
                for (int i = 0; i < asked.count; i++) {
                    new VolumeBlock(asked.block + i, asked.seq + i, number, checkpoints.get(), Asked.now()).put(bytes);
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
