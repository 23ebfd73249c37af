package dev.unwrite.undo;

/**
 * One use of a segment file.
 *
 * @param generation the number of this use, unique in the log
 * @param firstSeq the number of the first record
 */
record Segment(SegmentFile file, long generation, long firstSeq) {}
