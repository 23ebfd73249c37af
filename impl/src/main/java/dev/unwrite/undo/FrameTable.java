package dev.unwrite.undo;

import java.util.Arrays;

/**
 * Where the frames of one epoch are, in the order of the log: 16 bytes each. What a frame holds is said by its header, on the
 * disk, so that a node's memory does not bound how many copies it can hold. Written by one thread; a {@link View} may be read by
 * others.
 */
final class FrameTable {
    private static final int INITIAL = 16;

    private Segment[] segments = new Segment[INITIAL];
    private int[] pages = new int[INITIAL];
    private long[] seqs = new long[INITIAL];
    private int size;

    /** The first frames of a table. Later additions to the table do not touch what it shows. */
    record View(int size, Segment[] segments, int[] pages, long[] seqs) {
        Segment segment(int i) {
            return segments[i];
        }

        /** Of the frame's header in its segment, in bytes. */
        long offset(int i) {
            return Integer.toUnsignedLong(pages[i]) * Pages.BYTES;
        }

        /** The number of the first record in it that counts; those before it were discarded. */
        long firstSeq(int i) {
            return seqs[i];
        }
    }

    View view() {
        return new View(size, segments, pages, seqs);
    }

    void add(Segment segment, long offset, long firstSeq) {
        if (size == pages.length) {
            int length = Math.multiplyExact(size, 2);
            segments = Arrays.copyOf(segments, length);
            pages = Arrays.copyOf(pages, length);
            seqs = Arrays.copyOf(seqs, length);
        }
        segments[size] = segment;
        pages[size] = (int) (offset / Pages.BYTES);
        seqs[size] = firstSeq;
        size++;
    }
}
