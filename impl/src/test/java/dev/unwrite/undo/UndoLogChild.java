package dev.unwrite.undo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A process that appends, and says what is acknowledged, until it is killed. Run by {@link UndoLogKillIT}. */
final class UndoLogChild {
    private static final int APPENDERS = 8;

    private UndoLogChild() {}

    /** FOLDER EPOCH POLICY. */
    public static void main(String[] args) throws Exception {
        UndoOptions options = options(UndoOptions.Policy.valueOf(args[2]));
        long epoch = Long.parseLong(args[1]);
        UndoLog log = UndoLog.open(Path.of(args[0]), options);
        log.discardBefore(1, epoch - 1).get();
        AtomicLong next = new AtomicLong();
        Thread[] threads = new Thread[APPENDERS];
        for (int i = 0; i < APPENDERS; i++) {
            threads[i] = Thread.startVirtualThread(() -> append(log, epoch, next));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    static UndoOptions options(UndoOptions.Policy policy) {
        return UndoOptions.defaults().withPolicy(policy).withSegmentBytes(256 << 10);
    }

    private static void append(UndoLog log, long epoch, AtomicLong next) {
        while (true) {
            long block = next.getAndAdd(2);
            log.append(UndoLogTest.copy(1, epoch, 0, block, 2, 0)).join();
            byte[] line = (block + "\n").getBytes(StandardCharsets.US_ASCII);
            synchronized (System.out) {
                try {
                    System.out.write(line);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                System.out.flush();
            }
        }
    }
}
