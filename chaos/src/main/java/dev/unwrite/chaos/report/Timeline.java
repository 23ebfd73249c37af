package dev.unwrite.chaos.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The picture as data. All moments are milliseconds after the start of the run.
 *
 * @param answeredPerBucket replies that reached clients, in slices of {@code bucketMs}
 */
public record Timeline(
        double endMs,
        int bucketMs,
        List<Integer> answeredPerBucket,
        List<Lane> lanes,
        List<Mark> marks,
        List<Zoom> zooms) {

    /** A host. */
    public record Lane(String name, List<Band> bands, List<Tick> checkpoints) {}

    /** What a host was for a while. */
    public record Band(double from, double to, String role, String mode, long term) {}

    /** A checkpoint of a host; without {@code committed} it never was, as far as that host knew. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Tick(long epoch, double cut, @Nullable Double committed) {}

    /** An event. */
    public record Mark(double at, String lane, String kind, String text) {}

    /**
     * The time around a takeover.
     *
     * @param copies when the secondary stored copies of blocks
     * @param replies when replies reached clients
     * @param inDoubt requests that were on their way when the primary died: sent, answered
     * @param ahead blocks of the disk that were not those of the checkpoint
     * @param different the same after the rollback
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Zoom(
            int number,
            double from,
            double to,
            double kill,
            @Nullable Double takeOver,
            @Nullable Double rolledBack,
            double primary,
            @Nullable Double firstReply,
            String dead,
            String next,
            long deadTerm,
            long nextTerm,
            long checkpoint,
            long restoredBlocks,
            List<Double> copies,
            List<Double> replies,
            List<double[]> inDoubt,
            @Nullable List<Integer> ahead,
            @Nullable List<Integer> different,
            int diskBlocks) {}
}
