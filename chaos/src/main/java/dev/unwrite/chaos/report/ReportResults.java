package dev.unwrite.chaos.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.unwrite.chaos.check.CheckResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of {@code results.json}. Times are milliseconds, {@code at} counts from the start of the run.
 *
 * @param valid true, false, or "unknown"
 * @param failovers takeovers after a failure
 * @param operations requests of the clients that were answered
 * @param faults how many were injected; {@code faultList} says which
 */
@JsonPropertyOrder({"valid", "seed", "failovers", "switchovers", "operations", "faults", "checks"})
public record ReportResults(
        Object valid,
        long seed,
        int failovers,
        int switchovers,
        long operations,
        int faults,
        List<CheckResult> checks,
        List<Fault> faultList,
        List<TakeoverNumbers> takeovers,
        Numbers numbers,
        String command) {

    /** One fault. */
    public record Fault(double at, String target, String kind) {}

    /**
     * One takeover, counted from the SIGKILL; null where it could not be seen.
     *
     * @param detectedMs until the other host changed the ownership record
     * @param rolledBackMs until all copies were back and flushed
     * @param firstReplyMs until a client had an answer again
     * @param blocksAhead of the checkpoint when the primary was dead
     * @param heldReplies that the primary had not said yet, and never did
     * @param requestsInDoubt that were on their way at the kill and were answered after it
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record TakeoverNumbers(
            int number,
            String dead,
            String next,
            long term,
            long checkpoint,
            @Nullable Double detectedMs,
            @Nullable Double rollbackMs,
            @Nullable Double rolledBackMs,
            @Nullable Double firstReplyMs,
            long restoredBlocks,
            @Nullable Integer blocksAhead,
            long heldReplies,
            int requestsInDoubt) {}

    /**
     * Of the whole run.
     *
     * @param operationsPerSecond while both hosts were up and nothing was being taken over
     * @param checkpointMsP50 from cut to commit
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Numbers(
            double durationMs,
            double operationsPerSecond,
            @Nullable Double replyMsP50,
            @Nullable Double replyMsP99,
            @Nullable Double replyMsMax,
            long checkpoints,
            @Nullable Double checkpointMsP50,
            @Nullable Double checkpointMsP99,
            long preservedBlocks,
            long restoredBlocks,
            long heldReplies,
            long releasedReplies,
            @Nullable Double switchoverMs) {}
}
