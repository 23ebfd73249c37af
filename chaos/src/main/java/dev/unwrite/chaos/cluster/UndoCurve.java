package dev.unwrite.chaos.cluster;

import java.util.ArrayList;
import java.util.List;

/** How large the undo log of a host was, and in which epoch: as many points as fit on a screen, however long it lasts. */
public final class UndoCurve {
    /** Then two points become one, and spans twice as long. */
    private static final int POINTS_MAX = 4_000;

    private static final long FIRST_SPAN_NANOS = 50_000_000;

    private final List<Point> points = new ArrayList<>();
    private long span = FIRST_SPAN_NANOS;

    /**
     * From a moment (nanoseconds since 1970) until the next point.
     *
     * @param undoBlocks the most in that time
     */
    public record Point(long at, long epoch, long undoBlocks) {}

    void add(long at, SeenStatus status) {
        Point now = new Point(at, status.epoch(), status.undoBlocks());
        if (points.isEmpty() || at - points.getLast().at() >= span) {
            if (points.size() == POINTS_MAX) {
                halve();
            }
            points.add(now);
        } else {
            points.set(points.size() - 1, joined(points.getLast(), now));
        }
    }

    private void halve() {
        List<Point> half = new ArrayList<>();
        for (int i = 0; i < points.size(); i += 2) {
            half.add(i + 1 < points.size() ? joined(points.get(i), points.get(i + 1)) : points.get(i));
        }
        points.clear();
        points.addAll(half);
        span *= 2;
    }

    private static Point joined(Point first, Point second) {
        return new Point(first.at(), second.epoch(), Math.max(first.undoBlocks(), second.undoBlocks()));
    }

    List<Point> points() {
        return List.copyOf(points);
    }
}
