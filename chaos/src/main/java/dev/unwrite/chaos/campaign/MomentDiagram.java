package dev.unwrite.chaos.campaign;

import java.util.List;

/**
 * The messages around one moment. Times are milliseconds from the start of the campaign.
 *
 * @param kind takeover or violation
 * @param change index into {@code results.ownership}, -1 for none
 * @param arrows pairs of indexes into {@code entries}: what caused what
 * @param leftOut steps in the span that are not shown, those farthest from the moment
 * @param movedClocks programs whose clock was wrong, so that their steps are in their place to some 30 ms only
 */
record MomentDiagram(
        String title,
        String kind,
        int change,
        double at,
        double from,
        double to,
        List<Entry> entries,
        List<int[]> arrows,
        int leftOut,
        List<String> movedClocks) {
    /** More cannot be read. */
    static final int ENTRIES_MAX = 200;

    /**
     * A step, or {@code count} steps of one kind with nothing notable between them.
     *
     * @param lane A, B or storage
     * @param blocks of all of them together
     * @param bulk whether it is one of those of which only the number is told
     */
    record Entry(double at, double to, String lane, String action, int count, int blocks, boolean bulk, String text) {}
}
