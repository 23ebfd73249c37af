package dev.unwrite.chaos.bench;

import java.util.List;

/**
 * What fio does to a disk. It ends with a flush, whose time counts: what was answered early is not done before that.
 *
 * @param pattern how the writes are spread
 * @param depth how many writes are under way at once
 */
record Workload(Pattern pattern, int depth) {
    /** Of a pattern of writes, how large each is, and what it shows. */
    enum Pattern {
        /** The worst case of copying before writing: every write meets a cluster of 64 KiB that has no copy yet. */
        STRIDE("first overwrites, 4 KiB, one in each 64 KiB", 4096, true),
        /** What {@link #STRIDE} has just written, which has its copies. */
        AGAIN("the same blocks again", 4096, false),
        /** First overwrites as well, one beside the other. */
        SEQUENTIAL("in sequence, 64 KiB", 65536, true),
        /** Scattered over a part of the disk that is small enough for clusters to be met several times. */
        DENSE("random, 4 KiB", 4096, true);

        private final String title;
        private final int blockBytes;
        private final boolean onFreshDisk;

        Pattern(String title, int blockBytes, boolean onFreshDisk) {
            this.title = title;
            this.blockBytes = blockBytes;
            this.onFreshDisk = onFreshDisk;
        }

        String title() {
            return title;
        }

        /** Of each write. */
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
        return pattern.name().toLowerCase(java.util.Locale.ROOT) + "-" + depth;
    }

    /**
     * How fio is told.
     *
     * @param strideBytes what the {@link Pattern#STRIDE} before wrote; {@link Pattern#AGAIN} must not go further
     */
    List<String> fio(Plan plan, long strideBytes) {
        String most = "--runtime=" + plan.cell().toMillis() + "ms";
        return switch (pattern) {
            case STRIDE ->
                List.of("--rw=write:60k", "--bs=4k", size(plan.diskBytes()), io(plan.diskBytes() / 16), most);
            case AGAIN -> List.of("--rw=write:60k", "--bs=4k", size(plan.diskBytes()), io(strideBytes));
            case SEQUENTIAL -> List.of("--rw=write", "--bs=64k", size(plan.diskBytes() / 2), most);
            // Always the same writes: how many of them are the first on their cluster depends on how many there are.
            case DENSE -> List.of("--rw=randwrite", "--bs=4k", size(plan.diskBytes() / 4), io(plan.diskBytes() / 16));
        };
    }

    private static String size(long bytes) {
        return "--size=" + bytes;
    }

    private static String io(long bytes) {
        return "--io_size=" + bytes;
    }
}
