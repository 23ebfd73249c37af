package dev.unwrite.chaos.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What fio does to a disk. It ends with a flush, whose time counts: what was answered early is not done before that.
 *
 * @param pattern how the writes are spread
 * @param depth how many writes are under way at once
 */
record Workload(Pattern pattern, int depth) {
    /** An undo log takes 1 GiB unless it is told otherwise, and then holds the writes. */
    private static final long COPIES_BYTES_MAX = 512L << 20;

    /** Of a pattern of writes, how large each is, and what it shows. */
    enum Pattern {
        /** The worst case of copying before writing: every write meets a cluster of 64 KiB that has no copy yet. */
        STRIDE("4 KiB, each the first overwrite of its 64 KiB", 4096, true),
        /** What {@link #STRIDE} has just written, which has its copies. */
        AGAIN("4 KiB, the same blocks again", 4096, false),
        /** First overwrites as well, one beside the other. */
        SEQUENTIAL("64 KiB, one after the other", 65536, true),
        /** The same in large pieces. */
        LARGE("1 MiB, one after the other", 1 << 20, true),
        /** Scattered over a part of the disk that is small enough for clusters to be met several times. */
        DENSE("4 KiB, at random", 4096, true),
        /** What a database does, more or less. */
        MIXED("4 KiB, at random, seven reads to three writes", 4096, true),
        /** Nothing is written. */
        READ("4 KiB, reads at random", 4096, false),
        /** What the journal of a file system does: little at a time, and it has to be safe. */
        JOURNAL("4 KiB, one after the other, a flush after every fourth", 4096, true);

        private final String id = name().toLowerCase(Locale.ROOT);
        private final String title;
        private final int blockBytes;
        private final boolean onFreshDisk;

        Pattern(String title, int blockBytes, boolean onFreshDisk) {
            this.title = title;
            this.blockBytes = blockBytes;
            this.onFreshDisk = onFreshDisk;
        }

        /** A short name that stays as it is, for programs. */
        String id() {
            return id;
        }

        String title() {
            return title;
        }

        /** Of each write or read. */
        int blockBytes() {
            return blockBytes;
        }

        /** Whether no block may have a copy when it begins. */
        boolean onFreshDisk() {
            return onFreshDisk;
        }
    }

    /** A short name that stays as it is, for programs. */
    String id() {
        return pattern.id() + "-" + depth;
    }

    /**
     * How fio is told.
     *
     * @param diskBytes of the disk
     * @param most the longest that writes which may be cut short go on
     * @param strideBytes what the {@link Pattern#STRIDE} before wrote; {@link Pattern#AGAIN} must not go further
     */
    List<String> fio(long diskBytes, Duration most, long strideBytes) {
        String until = "--runtime=" + most.toMillis() + "ms";
        return switch (pattern) {
            case STRIDE -> List.of("--rw=write:60k", "--bs=4k", size(diskBytes), io(diskBytes / 16), until);
            case AGAIN -> List.of("--rw=write:60k", "--bs=4k", size(diskBytes), io(strideBytes));
            case SEQUENTIAL ->
                List.of("--rw=write", "--bs=64k", size(Math.min(diskBytes / 2, COPIES_BYTES_MAX)), until);
            case LARGE -> List.of("--rw=write", "--bs=1m", size(Math.min(diskBytes / 2, COPIES_BYTES_MAX)), until);
            case MIXED ->
                List.of("--rw=randrw", "--rwmixread=70", "--bs=4k", size(diskBytes / 4), io(diskBytes / 8), until);
            case READ -> List.of("--rw=randread", "--bs=4k", size(diskBytes), io(diskBytes / 4), until);
            case JOURNAL ->
                List.of("--rw=write", "--fsync=4", "--bs=4k", size(diskBytes / 4), io(diskBytes / 16), until);
            // Always the same writes: how many of them are the first on their cluster depends on how many there are.
            case DENSE -> List.of("--rw=randwrite", "--bs=4k", size(diskBytes / 4), io(diskBytes / 16));
        };
    }

    private static String size(long bytes) {
        return "--size=" + bytes;
    }

    private static String io(long bytes) {
        return "--io_size=" + bytes;
    }
}
