package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the page of a campaign shows. Times are milliseconds from its start.
 *
 * @param diagramsLeftOut takeovers whose messages are not on the page
 * @param replay the commands that go through the recorded schedule again
 */
record PageData(
        ChaosResults results,
        Setup setup,
        LoadSample load,
        List<Lane> lanes,
        List<Step> steps,
        List<MomentDiagram> diagrams,
        int diagramsLeftOut,
        ReplayCommand replay) {

    /** All options. */
    record Setup(
            String cluster,
            double leastMs,
            double mostMs,
            double recoverMaxMs,
            double checkpointEveryMs,
            double failoverAfterMs,
            int clients,
            int rate,
            int pipeline,
            List<FaultName> faults) {}

    /** A fault that could strike. */
    record FaultName(String name, String title) {}

    /** A host over the whole run; its bands follow each other without holes. */
    record Lane(String host, List<Band> bands, Undo undo) {}

    /** The undo log of a host: from {@code at} until the next one it had at most so many blocks, in that epoch at last. */
    record Undo(double[] at, long[] blocks, long[] epoch) {}

    /** A host was like this for a while; {@code epoch} and {@code undoBlocks} are those at its beginning. */
    record Band(double from, double to, String role, String mode, long term, long epoch, long undoBlocks) {}

    /**
     * A step and what came of it until the next one begins.
     *
     * @param faults indexes into {@code results.faultList}
     * @param changes indexes into {@code results.ownership}
     * @param silenceMs the longest time in it without any answer
     * @param recoveryMs from the heal until the pair was protected again
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Step(
            int step,
            double from,
            double to,
            List<Integer> faults,
            List<Integer> changes,
            double silenceMs,
            @Nullable Long recoveryMs) {}
}
