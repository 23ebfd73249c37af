package dev.unwrite.conformance.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * What the clients of one machine have asked for and been answered: which values each cell may hold now, and which may be
 * found there after the storage and the machine have crashed. Times are numbers of events.
 */
final class History {
    private static final long PENDING = Long.MAX_VALUE;
    /** Of a write that failed, anything may be left. */
    private static final int ANYTHING = Integer.MIN_VALUE;

    private final List<List<Write>> live = new ArrayList<>();
    private final List<List<Write>> durable = new ArrayList<>();
    private final Set<Read> reads = new HashSet<>();
    private long time;

    /** A write of one number into adjacent cells, 0 for zeroes. */
    static final class Write {
        private final int first;
        private final int count;
        private int value;
        private final long start;
        private long end = PENDING;

        private Write(int first, int count, int value, long start) {
            this.first = first;
            this.count = count;
            this.value = value;
            this.start = start;
        }

        int firstCell() {
            return first;
        }

        int cells() {
            return count;
        }

        int value() {
            return value;
        }

        @Override
        public String toString() {
            return (value == ANYTHING ? "any" : value) + (end == PENDING ? "?" : "") + " in " + Cells.name(first)
                    + (count == 1 ? "" : " and " + (count - 1) + " more");
        }
    }

    /** A read under way. */
    static final class Read {
        private final int first;
        private final List<Set<Integer>> allowed;

        private Read(int first, List<Set<Integer>> allowed) {
            this.first = first;
            this.allowed = allowed;
        }
    }

    /** A flush under way. */
    record Flush(long start, List<List<Write>> live) {
        @Override
        public String toString() {
            return "flush " + start;
        }
    }

    /** Of a machine that begins with this image of all cells, all of it flushed. */
    History(int[] image) {
        for (int cell = 0; cell < image.length; cell++) {
            Write initial = new Write(cell, 1, image[cell], 0);
            initial.end = 0;
            live.add(new ArrayList<>(List.of(initial)));
            durable.add(new ArrayList<>(List.of(initial)));
        }
    }

    Write begin(int first, int count, int value) {
        Write write = new Write(first, count, value, ++time);
        for (int cell = first; cell < first + count; cell++) {
            live.get(cell).add(write);
            durable.get(cell).add(write);
        }
        for (Read read : reads) {
            for (int i = 0; i < read.allowed.size(); i++) {
                int cell = read.first + i;
                if (cell >= first && cell < first + count) {
                    read.allowed.get(i).add(value);
                }
            }
        }
        return write;
    }

    void answered(Write write, boolean fua) {
        write.end = ++time;
        for (int cell = write.first; cell < write.first + write.count; cell++) {
            live.get(cell).removeIf(older -> older.end < write.start);
        }
        if (fua) {
            isDurable(write);
        }
    }

    /** It may have been done, or in part, and is not done any more. */
    void failed(Write write) {
        write.end = ++time;
        write.value = ANYTHING;
    }

    /** The write survives everything: its FUA was answered, or the outside has heard of it. */
    void isDurable(Write write) {
        for (int cell = write.first; cell < write.first + write.count; cell++) {
            durable.get(cell).removeIf(older -> older.end < write.start);
        }
    }

    Flush beginFlush() {
        List<List<Write>> now = new ArrayList<>();
        live.forEach(writes -> now.add(List.copyOf(writes)));
        return new Flush(++time, now);
    }

    void flushed(Flush flush) {
        for (int cell = 0; cell < durable.size(); cell++) {
            List<Write> covered = flush.live.get(cell);
            durable.get(cell).removeIf(write -> write.start < flush.start && !covered.contains(write));
        }
    }

    Read beginRead(int first, int count) {
        List<Set<Integer>> allowed = new ArrayList<>();
        for (int cell = first; cell < first + count; cell++) {
            allowed.add(values(live.get(cell)));
        }
        Read read = new Read(first, allowed);
        reads.add(read);
        return read;
    }

    /** Throws if it read what it must not. */
    void read(Read read, int[] found) {
        reads.remove(read);
        for (int i = 0; i < found.length; i++) {
            int at = i;
            Violation.require(
                    "ReadsLatest",
                    read.allowed.get(i).contains(found[i])
                            || read.allowed.get(i).contains(ANYTHING),
                    () -> "a client read " + found[at] + " in " + Cells.name(read.first + at) + ", which may be "
                            + read.allowed.get(at));
        }
    }

    void gaveUp(Read read) {
        reads.remove(read);
    }

    /** The first cell that does not hold what it must, but for those that are left out, or -1. */
    int differs(int[] image, IntPredicate leftOut) {
        return differs(image, live, leftOut);
    }

    /** The first cell that does not hold what it must after a crash, or -1. */
    int lostBy(int[] image) {
        return differs(image, durable, cell -> false);
    }

    private static int differs(int[] image, List<List<Write>> allowed, IntPredicate leftOut) {
        for (int cell = 0; cell < image.length; cell++) {
            int found = image[cell];
            boolean fine = false;
            for (Write write : allowed.get(cell)) {
                fine |= write.value == found || write.value == ANYTHING;
            }
            if (!fine && !leftOut.test(cell)) {
                return cell;
            }
        }
        return -1;
    }

    /** No write is under way, and the disk is so: of several that it might have been, it is this one. */
    void settle(int[] image) {
        for (int cell = 0; cell < image.length; cell++) {
            int found = image[cell];
            List<Write> writes = live.get(cell);
            writes.removeIf(write -> write.value != found && write.value != ANYTHING && write.end != PENDING);
        }
    }

    String allowed(int cell) {
        return live.get(cell).toString();
    }

    String allowedAfterCrash(int cell) {
        return durable.get(cell).toString();
    }

    private static Set<Integer> values(List<Write> writes) {
        Set<Integer> values = new HashSet<>();
        writes.forEach(write -> values.add(write.value));
        return values;
    }

    @Override
    public String toString() {
        return Arrays.toString(live.toArray());
    }
}
