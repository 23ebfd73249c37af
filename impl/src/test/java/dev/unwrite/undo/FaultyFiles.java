package dev.unwrite.undo;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A folder in memory that fails when told to, and that knows what would be on the disk after a loss of power: what was
 * synced, and of the rest any sectors, in any of the versions written.
 */
final class FaultyFiles implements LogFiles {
    static final int SECTOR = 512;

    private final Map<String, MemoryFile> files = new TreeMap<>();
    private final Map<String, MemoryFile> deleted = new TreeMap<>();
    private final List<String> open = new ArrayList<>();
    private long operations;
    private long stopAt = Long.MAX_VALUE;
    private int stopCut;
    private boolean stopped;
    private boolean full;
    private boolean syncFails;
    private int segmentSyncs;
    private @Nullable CountDownLatch syncGate;
    private final CountDownLatch syncReached = new CountDownLatch(1);

    /** The machine or process stops in the {@code operation}-th write, sync or creation; {@code cut} bytes get through. */
    synchronized void stopAt(long operation, int cut) {
        stopAt = operations + operation;
        stopCut = cut;
    }

    /** No more files can be created. */
    synchronized void fill() {
        full = true;
    }

    /** The next sync fails, and what it should have written is not written, though it can still be read. */
    synchronized void failNextSync() {
        syncFails = true;
    }

    /** Syncs of segments wait at the gate. */
    synchronized void holdSyncs(CountDownLatch gate) {
        syncGate = gate;
    }

    void awaitSync() throws InterruptedException {
        syncReached.await();
    }

    synchronized int segmentSyncs() {
        return segmentSyncs;
    }

    /** How many writes, syncs and creations there were. */
    synchronized long operations() {
        return operations;
    }

    /** The files that were opened or created and not yet closed, each as often as that. */
    synchronized List<String> open() {
        return List.copyOf(open);
    }

    /** What the next process finds if only the process ends: all that was written. */
    synchronized FaultyFiles afterKill() {
        FaultyFiles next = new FaultyFiles();
        files.forEach((name, file) -> next.files.put(name, next.new MemoryFile(name, file)));
        return next;
    }

    /** What the next process finds after a loss of power; {@code coin} says which sectors made it. */
    synchronized FaultyFiles afterPowerLoss(BooleanSupplier coin) {
        FaultyFiles next = new FaultyFiles();
        files.forEach((name, file) -> next.files.put(name, next.new MemoryFile(name, file.survivors(coin))));
        deleted.forEach((name, file) -> {
            if (coin.getAsBoolean()) {
                next.files.put(name, next.new MemoryFile(name, file.survivors(coin)));
            }
        });
        return next;
    }

    /** The contents of a file, to be damaged in place. */
    synchronized byte[] bytes(String name) {
        MemoryFile file = files.get(name);
        if (file == null) {
            throw new IllegalArgumentException(name);
        }
        return file.current;
    }

    synchronized void remove(String name) {
        files.remove(name);
    }

    @Override
    public synchronized List<String> names() {
        return List.copyOf(files.keySet());
    }

    @Override
    public synchronized SegmentFile open(String name) throws IOException {
        MemoryFile file = files.get(name);
        if (file == null) {
            throw new IOException(name + " is not there");
        }
        open.add(name);
        return file;
    }

    @Override
    public synchronized SegmentFile create(String name, long bytes, ByteBuffer start) throws IOException {
        operation();
        if (full) {
            throw new IOException("No space left on device");
        }
        byte[] content = new byte[(int) bytes];
        start.get(content, 0, start.remaining());
        MemoryFile file = new MemoryFile(name, content);
        files.put(name, file);
        open.add(name);
        return file;
    }

    @Override
    public synchronized void delete(String name) {
        MemoryFile file = files.remove(name);
        if (file != null) {
            deleted.put(name, file);
        }
    }

    @Override
    public synchronized void syncFolder() {
        deleted.clear();
    }

    @Override
    public String describe(String name) {
        return "/memory/" + name;
    }

    @Override
    public void close() {}

    /** Counts; true if everything stops in this operation. */
    private boolean operation() throws IOException {
        if (stopped) {
            throw new IOException("stopped");
        }
        stopped = ++operations >= stopAt;
        return stopped;
    }

    private final class MemoryFile implements SegmentFile {
        private final String name;
        private final byte[] durable;
        private final byte[] current;
        private final List<Write> pending = new ArrayList<>();

        private record Write(int offset, byte[] bytes) {}

        MemoryFile(String name, byte[] content) {
            this.name = name;
            this.durable = content.clone();
            this.current = content;
        }

        MemoryFile(String name, MemoryFile other) {
            this.name = name;
            this.durable = other.durable.clone();
            this.current = other.current.clone();
            this.pending.addAll(other.pending);
        }

        byte[] survivors(BooleanSupplier coin) {
            byte[] content = durable.clone();
            for (Write write : pending) {
                int at = 0;
                while (at < write.bytes.length) {
                    int length = Math.min(SECTOR - (write.offset + at) % SECTOR, write.bytes.length - at);
                    if (coin.getAsBoolean()) {
                        System.arraycopy(write.bytes, at, content, write.offset + at, length);
                    }
                    at += length;
                }
            }
            return content;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long size() {
            return current.length;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            synchronized (FaultyFiles.this) {
                if (offset + target.remaining() > current.length) {
                    throw new EOFException(name);
                }
                target.put(current, (int) offset, target.remaining());
            }
        }

        @Override
        public void write(long offset, ByteBuffer source) throws IOException {
            synchronized (FaultyFiles.this) {
                boolean stops = operation();
                byte[] bytes = new byte[stops ? Math.min(stopCut, source.remaining()) : source.remaining()];
                source.get(bytes);
                System.arraycopy(bytes, 0, current, (int) offset, bytes.length);
                pending.add(new Write((int) offset, bytes));
                if (stops) {
                    throw new IOException("stopped");
                }
            }
        }

        @Override
        public void sync() throws IOException {
            if (LogRecovery.isSegment(name)) {
                waitAtGate();
            }
            synchronized (FaultyFiles.this) {
                if (operation()) {
                    throw new IOException("stopped");
                }
                if (syncFails) {
                    syncFails = false;
                    pending.clear();
                    throw new IOException("Input/output error");
                }
                segmentSyncs += LogRecovery.isSegment(name) ? 1 : 0;
                pending.forEach(write -> System.arraycopy(write.bytes, 0, durable, write.offset, write.bytes.length));
                pending.clear();
            }
        }

        private void waitAtGate() throws IOException {
            CountDownLatch gate;
            synchronized (FaultyFiles.this) {
                gate = syncGate;
            }
            if (gate != null) {
                syncReached.countDown();
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        }

        @Override
        public void close() {
            synchronized (FaultyFiles.this) {
                open.remove(name);
            }
        }
    }
}
