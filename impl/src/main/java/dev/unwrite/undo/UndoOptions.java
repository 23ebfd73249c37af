package dev.unwrite.undo;

import java.time.Duration;

/**
 * How a log is kept.
 *
 * @param policy when an append is done
 * @param limitBytes the most that the live records may take, with their headers; an append beyond it is refused. The
 *     folder may take more: two partly used segments, and {@code keepSegments}
 * @param nearLimitPercent from which part of the limit on {@link UndoLog#nearLimit} says so
 * @param segmentBytes the size of a new segment file
 * @param spareSegments how many segments are made ready ahead
 * @param keepSegments how many segments that are no longer used are kept for reuse at least, and then as many as were lately
 *     in use at once; the others are deleted. 0 keeps none
 * @param idleMark after how long without an append the log notes durably how far it is durable
 */
public record UndoOptions(
        Policy policy,
        long limitBytes,
        int nearLimitPercent,
        int segmentBytes,
        int spareSegments,
        int keepSegments,
        Duration idleMark) {
    /** When an append is done (rule StoreBeforeAck). */
    public enum Policy {
        /** When the copies are synced to disk. */
        DURABLE,
        /** When the operating system has them: they survive the end of this process, not a loss of power. */
        MEMORY
    }

    private static final int SMALLEST_SEGMENT = 4 * UndoLog.BLOCK_BYTES;

    /** Checks the limits. */
    public UndoOptions {
        if (segmentBytes < SMALLEST_SEGMENT || segmentBytes % UndoLog.BLOCK_BYTES != 0) {
            throw new IllegalArgumentException("segments of " + segmentBytes + " bytes: at least " + SMALLEST_SEGMENT
                    + ", a multiple of " + UndoLog.BLOCK_BYTES);
        }
        if (limitBytes < 0 || nearLimitPercent < 0 || spareSegments < 0 || keepSegments < spareSegments) {
            throw new IllegalArgumentException("limits of an undo log must not be negative, nor keep less than spare");
        }
    }

    /** Durable, at most 1 GiB, segments of 16 MiB. */
    public static UndoOptions defaults() {
        return new UndoOptions(Policy.DURABLE, 1L << 30, 75, 16 << 20, 2, 8, Duration.ofMillis(200));
    }

    /** These options with another policy. */
    public UndoOptions withPolicy(Policy changed) {
        return new UndoOptions(
                changed, limitBytes, nearLimitPercent, segmentBytes, spareSegments, keepSegments, idleMark);
    }

    /** These options with another limit. */
    public UndoOptions withLimitBytes(long changed) {
        return new UndoOptions(policy, changed, nearLimitPercent, segmentBytes, spareSegments, keepSegments, idleMark);
    }

    /** These options with another size of new segments. */
    public UndoOptions withSegmentBytes(int changed) {
        return new UndoOptions(policy, limitBytes, nearLimitPercent, changed, spareSegments, keepSegments, idleMark);
    }
}
