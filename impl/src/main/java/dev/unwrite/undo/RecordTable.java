package dev.unwrite.undo;

import java.util.Arrays;

/**
 * Where the records of one epoch are, in the order of the log: about 41 bytes each. Written by one thread; a {@link View}
 * may be read by others.
 */
final class RecordTable {
    private static final int INITIAL = 16;

    private long[] seqs = new long[INITIAL];
    private long[] firsts = new long[INITIAL];
    private int[] volumes = new int[INITIAL];
    private int[] counts = new int[INITIAL];
    private int[] pages = new int[INITIAL];
    private int[] crcs = new int[INITIAL];
    private boolean[] zeroes = new boolean[INITIAL];
    private Segment[] segments = new Segment[INITIAL];
    private int size;

    /** The first records of a table. Later additions to the table do not touch what it shows. */
    record View(
            int size,
            long[] seqs,
            long[] firsts,
            int[] volumes,
            int[] counts,
            int[] pages,
            int[] crcs,
            boolean[] zeroes,
            Segment[] segments) {
        StoredRecord get(int i) {
            return new StoredRecord(
                    seqs[i],
                    volumes[i],
                    firsts[i],
                    counts[i],
                    segments[i],
                    Integer.toUnsignedLong(pages[i]) * Pages.BYTES,
                    crcs[i],
                    zeroes[i]);
        }

        boolean covers(int i, int volume, long block) {
            return volumes[i] == volume && block >= firsts[i] && block < firsts[i] + counts[i];
        }
    }

    View view() {
        return new View(size, seqs, firsts, volumes, counts, pages, crcs, zeroes, segments);
    }

    void add(StoredRecord record) {
        if (size == seqs.length) {
            grow();
        }
        seqs[size] = record.seq();
        firsts[size] = record.first();
        volumes[size] = record.volume();
        counts[size] = record.count();
        pages[size] = (int) (record.offset() / Pages.BYTES);
        crcs[size] = record.crc();
        zeroes[size] = record.zero();
        segments[size] = record.segment();
        size++;
    }

    private void grow() {
        int length = Math.multiplyExact(size, 2);
        seqs = Arrays.copyOf(seqs, length);
        firsts = Arrays.copyOf(firsts, length);
        volumes = Arrays.copyOf(volumes, length);
        counts = Arrays.copyOf(counts, length);
        pages = Arrays.copyOf(pages, length);
        crcs = Arrays.copyOf(crcs, length);
        zeroes = Arrays.copyOf(zeroes, length);
        segments = Arrays.copyOf(segments, length);
    }
}
