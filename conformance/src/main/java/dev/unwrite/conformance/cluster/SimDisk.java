package dev.unwrite.conformance.cluster;

import dev.unwrite.checkpoint.CheckpointFiles;
import dev.unwrite.undo.LogFiles;
import dev.unwrite.undo.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The local disk of a host. What was not synced may be lost in a crash, whole or in part, in any order; a crash may come
 * at any operation; the disk may be full, or can only be read; bits may change, and a write may land elsewhere.
 */
public final class SimDisk {
    private static final int PAGE = 4096;
    private static final int NO_CRASH = -1;

    private final Folder undo;
    private final Folder checkpoints;
    private int crashIn = NO_CRASH;
    private int failIn = NO_CRASH;
    private int probeIn = NO_CRASH;
    private int probeLeaves;
    private @Nullable SimDisk probed;
    private int leaves;
    private boolean dead;
    private boolean full;
    private boolean readOnly;
    private boolean damaged;
    private boolean lied;
    private int misdirect = NO_CRASH;
    private long durableChanges;

    /** An empty disk. */
    public SimDisk() {
        this(new Folder(), new Folder());
    }

    private SimDisk(Folder undo, Folder checkpoints) {
        this.undo = undo;
        this.checkpoints = checkpoints;
    }

    /** Bytes in pages, which several share until one of them changes them. */
    private static final class Content {
        private static final byte[] ZEROES = new byte[PAGE];

        private byte[][] pages;
        /** The pages that nobody else has. */
        private boolean[] own;

        private int bytes;

        private Content(byte[][] pages, int bytes) {
            this.pages = pages;
            this.own = new boolean[pages.length];
            this.bytes = bytes;
        }

        /** So many zeroes. */
        static Content zeroes(int bytes) {
            byte[][] pages = new byte[Math.ceilDiv(bytes, PAGE)][];
            Arrays.fill(pages, ZEROES);
            return new Content(pages, bytes);
        }

        Content copy() {
            Arrays.fill(own, false);
            return new Content(pages.clone(), bytes);
        }

        int bytes() {
            return bytes;
        }

        /** Has so many bytes from here on, unless it has more. */
        void grow(int wanted) {
            int had = pages.length;
            int needed = Math.ceilDiv(wanted, PAGE);
            if (needed > had) {
                pages = Arrays.copyOf(pages, needed);
                own = Arrays.copyOf(own, needed);
                Arrays.fill(pages, had, needed, ZEROES);
            }
            bytes = Math.max(bytes, wanted);
        }

        /** Has no more than so many bytes from here on. */
        void cut(int most) {
            if (bytes > most) {
                pages = Arrays.copyOf(pages, Math.ceilDiv(most, PAGE));
                own = Arrays.copyOf(own, pages.length);
                if (most % PAGE > 0) {
                    Arrays.fill(owned(pages.length - 1), most % PAGE, PAGE, (byte) 0);
                }
                bytes = most;
            }
        }

        /** Puts the first so many bytes of {@code source} there, which is not changed afterwards. */
        void put(int offset, byte[] source, int count) {
            grow(offset + count);
            for (int done = 0; done < count; ) {
                int page = (offset + done) / PAGE;
                int within = (offset + done) % PAGE;
                int now = Math.min(count - done, PAGE - within);
                if (now == PAGE && source.length == PAGE) {
                    pages[page] = source;
                    own[page] = false;
                } else {
                    System.arraycopy(source, done, owned(page), within, now);
                }
                done += now;
            }
        }

        private byte[] owned(int page) {
            if (!own[page]) {
                pages[page] = pages[page].clone();
                own[page] = true;
            }
            return pages[page];
        }

        void get(int offset, ByteBuffer target, int count) {
            for (int done = 0; done < count; ) {
                int within = (offset + done) % PAGE;
                int now = Math.min(count - done, PAGE - within);
                target.put(pages[(offset + done) / PAGE], within, now);
                done += now;
            }
        }

        void flip(int bit) {
            int at = bit / 8;
            owned(at / PAGE)[at % PAGE] ^= (byte) (1 << bit % 8);
        }
    }

    /** A file: what a reader sees, what is on the platter, and what lies between. */
    private static final class Blob {
        Content live;
        Content durable;
        final List<Piece> unsynced = new ArrayList<>();
        /** Pages of a sync that failed: no later sync makes them durable, and a crash may leave them or not. */
        final List<Piece> doubtful = new ArrayList<>();

        /** All of it is durable. */
        Blob(Content content) {
            live = content;
            durable = content.copy();
        }

        void write(int offset, byte[] bytes) {
            live.put(offset, bytes, bytes.length);
            doubtful.removeIf(page -> page.offset < offset + bytes.length && offset < page.offset + page.bytes.length);
            unsynced.add(new Piece(offset, bytes));
        }

        /** What is cut off is gone for good, at once; what is added is there once it is synced. */
        void setSize(int bytes) {
            if (bytes < live.bytes()) {
                live.cut(bytes);
                durable.cut(bytes);
                unsynced.removeIf(piece -> piece.offset >= bytes);
                doubtful.removeIf(piece -> piece.offset >= bytes);
            } else {
                live.grow(bytes);
            }
        }

        void failSync() {
            for (Piece piece : unsynced) {
                for (int at = 0; at < piece.bytes.length; at += PAGE) {
                    byte[] page = Arrays.copyOfRange(piece.bytes, at, Math.min(at + PAGE, piece.bytes.length));
                    doubtful.add(new Piece(piece.offset + at, page));
                }
            }
            unsynced.clear();
        }

        void sync() {
            unsynced.forEach(piece -> piece.place(durable, piece.bytes.length));
            unsynced.clear();
            durable.grow(live.bytes());
        }

        void crash(int choice) {
            durable = left(choice);
            live = durable.copy();
            unsynced.clear();
            doubtful.clear();
        }

        /** What a crash leaves: of each unsynced write, all, nothing or the first half, as the bits of {@code choice} say. */
        Content left(int choice) {
            Content left = durable.copy();
            int bits = choice;
            for (List<Piece> pieces : List.of(doubtful, unsynced)) {
                for (Piece piece : pieces) {
                    switch (bits & 3) {
                        case 1 -> piece.place(left, piece.bytes.length);
                        case 2 -> piece.place(left, piece.bytes.length / 2);
                        default -> {
                            // Lost.
                        }
                    }
                    bits = Integer.rotateRight(bits, 2);
                }
            }
            return left;
        }
    }

    private record Piece(int offset, byte[] bytes) {
        /** Puts its first so many bytes where they belong. */
        void place(Content content, int count) {
            content.put(offset, bytes, count);
        }
    }

    /** A folder: the names that a process sees and those that are durable. */
    private static final class Folder {
        Map<String, Blob> live = new TreeMap<>();
        Map<String, Blob> durable = new TreeMap<>();

        void crash(int choice) {
            live = new TreeMap<>(left(choice));
            live.values().forEach(blob -> blob.crash(choice));
            durable = new TreeMap<>(live);
        }

        /** A rename or a deletion that was not synced may have happened or not: one bit decides for all. */
        private Map<String, Blob> left(int choice) {
            return (choice & 1) == 0 ? durable : live;
        }

        /** What a crash would leave. */
        Folder afterCrash(int choice) {
            Folder folder = new Folder();
            left(choice).forEach((name, blob) -> folder.live.put(name, new Blob(blob.left(choice))));
            folder.durable.putAll(folder.live);
            return folder;
        }
    }

    /** Grows whenever {@link #afterCrash()} may have become another. */
    long durableChanges() {
        return durableChanges;
    }

    /** What would be left if the host crashed now and nothing unsynced survived. */
    public SimDisk afterCrash() {
        return afterCrash(0);
    }

    /** The same; {@code choice} says what of it survived. */
    SimDisk afterCrash(int choice) {
        SimDisk copy = new SimDisk(undo.afterCrash(choice), checkpoints.afterCrash(choice >>> 1));
        copy.damaged = damaged;
        copy.lied = lied;
        return copy;
    }

    /** Keeps what would be left if the host crashed at that operation of the next job, as a crash with {@code choice} leaves it. */
    void probeIn(int operations, int choice) {
        probeIn = operations;
        probeLeaves = choice;
    }

    /** What was kept, or null if the job had fewer operations. */
    @Nullable
    SimDisk takeProbed() {
        SimDisk taken = probed;
        probed = null;
        probeIn = NO_CRASH;
        return taken;
    }

    /** The host crashed. */
    public void crash(int choice) {
        durableChanges++;
        undo.crash(choice);
        checkpoints.crash(choice >>> 1);
        dead = false;
        crashIn = NO_CRASH;
        failIn = NO_CRASH;
        misdirect = NO_CRASH;
    }

    /** The host will crash at an operation that is still to come; {@code choice} says what is left of what is unsynced. */
    public void crashIn(int operations, int choice) {
        crashIn = operations;
        leaves = choice;
    }

    /** An operation that is still to come fails, once; a sync that fails leaves it open what is durable. -1 for none. */
    void failIn(int operations) {
        failIn = operations;
    }

    /** What is to be left when the host crashes at an operation of the disk. */
    public int leaves() {
        return leaves;
    }

    /** Whether it came to that. */
    public boolean isDead() {
        return dead;
    }

    /** Whether nothing was ever kept here. */
    public boolean isNew() {
        return undo.live.isEmpty();
    }

    boolean isFull() {
        return full;
    }

    /** Whether there is no room from now on. */
    public void setFull(boolean now) {
        full = now;
    }

    /** Whether it can only be read. */
    public boolean isReadOnly() {
        return readOnly;
    }

    /** Whether it can only be read from now on. */
    public void setReadOnly(boolean now) {
        readOnly = now;
    }

    /** Whether something here is not as it was written, so that it may rightly be refused. */
    public boolean isDamaged() {
        return damaged;
    }

    /**
     * Whether what it holds is not what was written. If that concerns the last sync before a crash, before the log has noted
     * how far it is durable, nothing tells it from what was cut short and never acknowledged; all else must be refused.
     */
    public boolean hasLied() {
        return lied;
    }

    /** A bit of a file of the undo log changes. */
    public void flip(int which, int bit) {
        List<Blob> blobs = List.copyOf(undo.live.values());
        if (blobs.isEmpty()) {
            return;
        }
        Blob blob = blobs.get(which % blobs.size());
        durableChanges++;
        blob.live.flip(bit % (blob.live.bytes() * 8));
        blob.durable = blob.live.copy();
        damaged = true;
        lied = true;
    }

    /** The next write of the undo log lands so many pages away; -1 for none. */
    public void misdirect(int pages) {
        misdirect = pages;
    }

    private void operation() throws IOException {
        if (crashIn >= 0 && crashIn-- == 0) {
            dead = true;
        }
        if (dead) {
            throw new IOException("the host crashed here");
        }
        if (readOnly) {
            throw new IOException("Read-only file system");
        }
        if (failIn >= 0 && failIn-- == 0) {
            throw new IOException("Input/output error");
        }
        if (probeIn >= 0 && probeIn-- == 0) {
            probed = afterCrash(probeLeaves);
        }
    }

    private void sync(Blob blob) throws IOException {
        if (failIn == 0 && !dead && !readOnly) {
            blob.failSync();
        }
        operation();
        durableChanges++;
        blob.sync();
    }

    private void needRoom() throws IOException {
        if (full) {
            throw new IOException("No space left on device");
        }
    }

    private static byte[] bytes(ByteBuffer source) {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        return bytes;
    }

    /** The folder of the undo log. */
    public LogFiles undo() {
        return new UndoFiles();
    }

    /** The folder of the checkpoint store. */
    public CheckpointFiles checkpoints() {
        return new StateFiles();
    }

    private final class UndoFiles implements LogFiles {
        @Override
        public List<String> names() {
            return List.copyOf(undo.live.keySet());
        }

        @Override
        public SegmentFile open(String name) throws IOException {
            return new Segment(name, found(undo, name));
        }

        @Override
        public SegmentFile create(String name, long bytes, ByteBuffer start) throws IOException {
            operation();
            needRoom();
            Content content = Content.zeroes((int) bytes);
            byte[] first = bytes(start);
            content.put(0, first, first.length);
            Blob blob = new Blob(content);
            durableChanges++;
            undo.live.put(name, blob);
            undo.durable.put(name, blob);
            return new Segment(name, blob);
        }

        @Override
        public void delete(String name) throws IOException {
            operation();
            undo.live.remove(name);
        }

        @Override
        public void syncFolder() throws IOException {
            if (dead) {
                throw new IOException("the host crashed here");
            }
            durableChanges++;
            undo.durable = new TreeMap<>(undo.live);
        }

        @Override
        public ByteBuffer buffer(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public String describe(String name) {
            return "undo/" + name;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private static Blob found(Folder folder, String name) throws IOException {
        Blob blob = folder.live.get(name);
        if (blob == null) {
            throw new IOException("no file " + name);
        }
        return blob;
    }

    private final class Segment implements SegmentFile {
        private final String name;
        private final Blob blob;

        Segment(String name, Blob blob) {
            this.name = name;
            this.blob = blob;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long size() {
            return blob.live.bytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            if (offset + target.remaining() > blob.live.bytes()) {
                throw new IOException("beyond the end of " + name);
            }
            // The callers that read one page look at it with absolute offsets, without a flip.
            blob.live.get((int) offset, target, target.remaining());
        }

        @Override
        public void write(long offset, ByteBuffer source) throws IOException {
            operation();
            byte[] data = bytes(source);
            int at = (int) offset;
            if (misdirect >= 0) {
                int pages = blob.live.bytes() / PAGE;
                int elsewhere = (at / PAGE + 1 + misdirect % pages) % pages * PAGE;
                misdirect = NO_CRASH;
                if (elsewhere + data.length <= blob.live.bytes()) {
                    at = elsewhere;
                    damaged = true;
                    lied = true;
                }
            }
            if (at + data.length > blob.live.bytes()) {
                throw new IOException("beyond the end of " + name);
            }
            blob.write(at, data);
        }

        @Override
        public void sync() throws IOException {
            SimDisk.this.sync(blob);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private final class StateFiles implements CheckpointFiles {
        @Override
        public List<String> names() {
            return List.copyOf(checkpoints.live.keySet());
        }

        @Override
        public StateFile create(String name) throws IOException {
            operation();
            needRoom();
            Blob blob = new Blob(Content.zeroes(0));
            checkpoints.live.put(name, blob);
            return new State(blob);
        }

        @Override
        public StateFile open(String name) throws IOException {
            return new State(found(checkpoints, name));
        }

        @Override
        public StateFile openToWrite(String name) throws IOException {
            return open(name);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            operation();
            checkpoints.live.put(to, found(checkpoints, from));
            checkpoints.live.remove(from);
        }

        @Override
        public void delete(String name) throws IOException {
            operation();
            checkpoints.live.remove(name);
        }

        @Override
        public void syncFolder() throws IOException {
            operation();
            durableChanges++;
            checkpoints.durable = new TreeMap<>(checkpoints.live);
        }

        @Override
        public String describe(String name) {
            return "checkpoints/" + name;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private final class State implements CheckpointFiles.StateFile {
        private final Blob blob;

        State(Blob blob) {
            this.blob = blob;
        }

        @Override
        public long size() {
            return blob.live.bytes();
        }

        @Override
        public int read(long offset, ByteBuffer target) {
            int count = Math.min(target.remaining(), blob.live.bytes() - (int) offset);
            if (count <= 0) {
                return -1;
            }
            blob.live.get((int) offset, target, count);
            return count;
        }

        @Override
        public void write(long offset, ByteBuffer source) throws IOException {
            operation();
            needRoom();
            blob.write((int) offset, bytes(source));
        }

        /** A file is cut off at once and durably: what lies behind the end of a state, nobody reads. */
        @Override
        public void setSize(long size) throws IOException {
            operation();
            blob.setSize((int) size);
        }

        @Override
        public void sync() throws IOException {
            SimDisk.this.sync(blob);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
