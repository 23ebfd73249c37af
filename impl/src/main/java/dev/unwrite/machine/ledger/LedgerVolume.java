package dev.unwrite.machine.ledger;

import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** A block device as numbered pages. */
final class LedgerVolume {
    static final int PAGE = 4096;
    private static final int READ_PAGES = 64;

    private final BlockDevice device;
    private final Semaphore writes = new Semaphore(LedgerLimits.WRITES_MAX);

    LedgerVolume(BlockDevice device) {
        this.device = device;
    }

    /** Whole pages of the device. */
    long pages() {
        return device.size() / PAGE;
    }

    /** Reads consecutive pages; each element is one page. */
    List<ByteBuffer> read(int first, int count) throws IOException {
        List<ByteBuffer> pages = new ArrayList<>(count);
        for (int done = 0; done < count; done += READ_PAGES) {
            int some = Math.min(READ_PAGES, count - done);
            ByteBuffer chunk = ByteBuffer.allocate(some * PAGE);
            device.read((long) (first + done) * PAGE, chunk);
            for (int i = 0; i < some; i++) {
                pages.add(chunk.slice(i * PAGE, PAGE));
            }
        }
        return pages;
    }

    ByteBuffer read(int page) throws IOException {
        return read(page, 1).getFirst();
    }

    /** One write of consecutive pages. */
    void write(int first, ByteBuffer content) throws IOException {
        device.write((long) first * PAGE, content.duplicate(), false);
    }

    void flush() throws IOException {
        device.flush();
    }

    /** Writes pages, several at a time. On return, or on a throw, none of the writes is under way any more. */
    void write(SortedMap<Integer, ByteBuffer> pages) throws IOException {
        List<Future<?>> ends = new ArrayList<>(pages.size());
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            pages.forEach((page, content) -> ends.add(each.submit(() -> writeOne(page, content))));
        }
        IOException failed = null;
        for (Future<?> end : ends) {
            if (end.state() != Future.State.SUCCESS) {
                IOException one = asIo(end);
                if (failed == null) {
                    failed = one;
                } else {
                    failed.addSuppressed(one);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    private Void writeOne(int page, ByteBuffer content) throws IOException, InterruptedException {
        writes.acquire();
        try {
            write(page, content);
        } finally {
            writes.release();
        }
        return null;
    }

    private static IOException asIo(Future<?> end) {
        if (end.state() == Future.State.CANCELLED) {
            return new IOException("a page write was cancelled");
        }
        Throwable cause = end.exceptionNow();
        return cause instanceof IOException io ? io : new IOException("a page write failed: " + cause, cause);
    }
}
