package dev.unwrite.nbd;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which bytes of a read have come, in pieces of any order. For one thread. */
final class Coverage {
    /** Pieces that do not touch; a server that sends more of them wants the memory of its client. */
    static final int PIECES_MAX = 4096;

    /** All before this has come; pieces that come in order need no more than that. */
    private int prefix;

    private int bytes;
    /** Beyond the prefix: from where to where, never touching each other. */
    private final NavigableMap<Integer, Integer> pieces = new TreeMap<>();

    /** Takes note of a piece; false if a byte of it has come before, or if there are too many. */
    boolean add(int from, int length) {
        int end = from + length;
        Map.Entry<Integer, Integer> before = pieces.lowerEntry(end);
        if (from < prefix || (before != null && before.getValue() > from)) {
            return false;
        }
        bytes += length;
        int start = from;
        if (before != null && before.getValue() == from) {
            start = before.getKey();
        }
        Integer next = pieces.remove(end);
        pieces.put(start, next == null ? end : next);
        Integer joined = pieces.remove(prefix);
        prefix = joined == null ? prefix : joined;
        return pieces.size() <= PIECES_MAX;
    }

    /** How many bytes have come. */
    int bytes() {
        return bytes;
    }
}
