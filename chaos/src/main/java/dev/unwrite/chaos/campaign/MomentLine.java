package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Set;

/**
 * One line of a trace, as far as a diagram of messages needs it.
 *
 * @param at nanoseconds since 1970, put right where the clock of the program was wrong
 * @param lane who wrote it: A, B or storage
 * @param host whom it is about at the storage; else the lane
 * @param term of the checkpoint, -1 where there is none, as {@code epoch}
 * @param version of the ownership record, -1 where there is none
 * @param blocks how many blocks it is about
 * @param text what it says beside its name
 */
record MomentLine(
        long at,
        String lane,
        String action,
        String host,
        long term,
        long epoch,
        long version,
        int blocks,
        String text) {
    /** Steps of which there are so many that only their number is told. */
    private static final Set<String> BULK = Set.of(
            "MachineWrite",
            "SendWrite",
            "WriteDone",
            "ReadOld",
            "ReadAround",
            "StoreCopy",
            "RecvPreserved",
            "Flush",
            "Apply",
            "Flushed");

    static MomentLine of(JsonNode json, long at) {
        String lane = json.path("node").asText();
        JsonNode record = json.path("record");
        return new MomentLine(
                at,
                lane,
                json.path("action").asText(),
                json.path("host").asText(lane),
                json.path("term").asLong(-1),
                json.path("epoch").asLong(-1),
                record.path("version").asLong(-1),
                blocks(json),
                text(json, record));
    }

    boolean isBulk() {
        return BULK.contains(action);
    }

    private static int blocks(JsonNode json) {
        int blocks = json.path("extent").path(2).asInt();
        for (JsonNode extent : json.path("extents")) {
            blocks += extent.path(2).asInt();
        }
        return blocks;
    }

    private static String text(JsonNode json, JsonNode record) {
        String epoch = json.path("epoch").asText();
        return switch (json.path("action").asText()) {
            case "Propose" ->
                "asks to "
                        + json.path("change").asText().toLowerCase(Locale.ROOT).replace('_', ' ');
            case "Record", "Boot" -> words(record);
            case "Session" -> "of " + json.path("host").asText();
            case "Cut" -> "checkpoint " + epoch;
            case "StartJoin" -> "its whole state, checkpoint " + epoch;
            case "StagePart" -> "has all of " + epoch;
            case "Commit" -> "checkpoint " + epoch;
            case "LearnCommitted" -> epoch + " is committed";
            case "Speak" -> "replies said in epoch " + json.path("said").asText() + " leave";
            case "TakeOver", "RestartRollback" ->
                "term " + record.path("term").asText() + ", back to checkpoint "
                        + record.path("base").asText();
            case "Resume" -> "the machine runs";
            case "Restart" -> "the program starts";
            default -> record.isObject() ? words(record) : "";
        };
    }

    private static String words(JsonNode record) {
        String owner = record.path("owner").asText();
        return (owner.isEmpty() ? "nobody" : owner) + ", term "
                + record.path("term").asText() + ", " + record.path("mode").asText();
    }
}
