package dev.unwrite.conformance.trace;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The traces of a group in one order.
 *
 * @param folder the traces
 * @param merger what put them in order
 * @param steps the steps of the specification
 * @param stuck null, or why the events after these steps have no order
 * @param unusable null, or why these are not the traces of a whole group; there are no steps then
 */
record MergedRun(
        TraceFolder folder,
        Merger merger,
        List<MergedStep> steps,
        @Nullable MergeRejectedException stuck,
        @Nullable TraceFormatException unusable) {
    static MergedRun of(TraceFolder folder) {
        Merger merger = new Merger(folder);
        try {
            List<MergedStep> steps = merger.merge();
            return steps.isEmpty()
                    ? new MergedRun(
                            folder,
                            merger,
                            steps,
                            null,
                            new TraceFormatException("the traces hold no events: they show nothing"))
                    : new MergedRun(folder, merger, steps, null, null);
        } catch (MergeRejectedException e) {
            return new MergedRun(folder, merger, merger.steps(), e, null);
        } catch (TraceFormatException e) {
            return new MergedRun(folder, merger, List.of(), null, e);
        }
    }

    /** Whether TLC has something to look at. */
    boolean isChecked() {
        return unusable == null && !steps.isEmpty();
    }
}
