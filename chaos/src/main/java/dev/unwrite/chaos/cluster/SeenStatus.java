package dev.unwrite.chaos.cluster;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a node says of itself at {@code GET /status}, as far as a run needs it.
 *
 * @param role primary, secondary, restoring or idle
 * @param mode protected, joining, solo or none
 * @param committed the newest checkpoint that the secondary has whole
 * @param recordMode what the ownership record says, as far as the node knows: none, solo, protected or rollback
 * @param counters since the process started
 */
public record SeenStatus(
        String role,
        String mode,
        long term,
        long epoch,
        long committed,
        long undoBlocks,
        String recordMode,
        Counters counters) {
    /** A node that does not answer. */
    public static final SeenStatus DOWN = new SeenStatus("down", "none", 0, 0, 0, 0, "none", Counters.ZERO);

    /**
     * What only grows while the process lives.
     *
     * @param restoredBlocks blocks that rollbacks wrote back
     * @param held replies that had to wait for a checkpoint
     * @param released replies that left
     */
    public record Counters(
            long writes,
            long writtenBytes,
            long preservedBlocks,
            long checkpoints,
            long restoredBlocks,
            long held,
            long released) {
        /** Nothing yet. */
        public static final Counters ZERO = new Counters(0, 0, 0, 0, 0, 0, 0);

        /** What two processes have done together. */
        public Counters plus(Counters other) {
            return new Counters(
                    writes + other.writes,
                    writtenBytes + other.writtenBytes,
                    preservedBlocks + other.preservedBlocks,
                    checkpoints + other.checkpoints,
                    restoredBlocks + other.restoredBlocks,
                    held + other.held,
                    released + other.released);
        }

        /** Whether these come from a later process than the other ones. */
        boolean isBehind(Counters other) {
            return writes < other.writes || preservedBlocks < other.preservedBlocks || checkpoints < other.checkpoints;
        }

        private static Counters parse(JsonNode json) {
            return new Counters(
                    json.path("writes").asLong(),
                    json.path("writtenBytes").asLong(),
                    json.path("preservedBlocks").asLong(),
                    json.path("checkpoints").asLong(),
                    json.path("restoredBlocks").asLong(),
                    json.path("heldOutputs").asLong(),
                    json.path("releasedOutputs").asLong());
        }
    }

    /** Reads an answer. */
    public static SeenStatus parse(JsonNode status) {
        return new SeenStatus(
                isSuperseded(status) ? "idle" : status.path("role").asText(""),
                status.path("mode").asText(""),
                status.path("term").asLong(),
                status.path("epoch").asLong(),
                status.path("committed").asLong(),
                status.path("undo").path("blocks").asLong(),
                status.path("record").path("mode").asText("none"),
                Counters.parse(status.path("counters")));
    }

    /** A primary that knows of another owner, whose term it then tells, is one no longer: it is about to step down. */
    private static boolean isSuperseded(JsonNode status) {
        String owner = status.path("record").path("owner").asText("");
        return status.path("role").asText().equals("primary")
                && !owner.isEmpty()
                && !owner.equals(status.path("name").asText());
    }

    /** Whether the machine runs there. */
    public boolean isPrimary() {
        return role.equals("primary");
    }

    /** Whether it is a primary with a secondary that can take over. */
    public boolean isProtectedPrimary() {
        return isPrimary() && mode.equals("protected");
    }

    /** The same with other counters. */
    SeenStatus with(Counters others) {
        return new SeenStatus(role, mode, term, epoch, committed, undoBlocks, recordMode, others);
    }

    /** Whether a person would call it the same state. */
    public boolean looksLike(SeenStatus other) {
        return role.equals(other.role) && mode.equals(other.mode) && term == other.term;
    }

    /** Short, for messages. */
    public String words() {
        return role.equals("down") ? "down" : role + "/" + mode + ", term " + term + ", epoch " + epoch;
    }
}
