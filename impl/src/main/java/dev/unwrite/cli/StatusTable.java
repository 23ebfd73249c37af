package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The status as text: most important lines first; lines that do not apply are left out. */
final class StatusTable {
    private final List<String> lines = new ArrayList<>();
    private final JsonNode status;
    private final Instant now;

    private StatusTable(JsonNode status, Instant now) {
        this.status = status;
        this.now = now;
    }

    static String of(JsonNode status, Instant now) {
        return new StatusTable(status, now).table();
    }

    private String table() {
        lines.add(text("name") + " is " + text("role").toUpperCase(Locale.ROOT) + " of group " + text("group") + ", "
                + text("mode").toUpperCase(Locale.ROOT) + unprotected());
        row("epoch", epoch("epoch") + ", committed " + epoch("committed") + ", term " + text("term"));
        row("peer", peer());
        row(
                "storage",
                text("storage", "uri") + ", " + connected(status.path("storage")) + ", session " + text("session"));
        row("undo log", undo());
        row("machine", join(text("machine", "kind"), text("machine", "state"), text("machine", "detail"), waiting()));
        row("volumes", volumes());
        if (status.path("lastCheckpoint").isObject()) {
            JsonNode last = status.path("lastCheckpoint");
            row(
                    "last cut",
                    last.path("epoch").asText() + ": "
                            + last.path("durationMillis").asText() + " ms, paused "
                            + last.path("pauseMillis").asText() + " ms, state " + size(last.path("stateBytes"))
                            + ", committed "
                            + ago(Duration.ofMillis(last.path("ageMillis").asLong())) + " ago");
        }
        counters();
        row("up", since("since"));
        return String.join(System.lineSeparator(), lines);
    }

    private String unprotected() {
        return status.path("unprotectedSince").isTextual() ? " (for " + since("unprotectedSince") + ")" : "";
    }

    private String epoch(String name) {
        return status.path(name).asLong() < 0 ? "none" : text(name);
    }

    private String peer() {
        JsonNode peer = status.path("peer");
        JsonNode heard = peer.path("lastHeardMillis");
        return (peer.path("name").isTextual() ? peer.path("name").asText() + " at " : "")
                + peer.path("address").asText() + ", " + connected(peer) + ", "
                + (heard.isNumber() ? "heard " + ago(Duration.ofMillis(heard.asLong())) + " ago" : "never heard");
    }

    private static String connected(JsonNode node) {
        return node.path("connected").asBoolean() ? "connected" : "NOT CONNECTED";
    }

    private String undo() {
        JsonNode undo = status.path("undo");
        String waiting = undo.path("waitingWrites").asInt() == 0
                ? ""
                : ", " + undo.path("waitingWrites").asText() + " writes WAIT for room since "
                        + ago(Duration.ofMillis(undo.path("waitingMillis").asLong()));
        return undo.path("blocks").asText() + " blocks, " + size(undo.path("bytes")) + " of "
                + size(undo.path("limitBytes")) + ", ack " + text("ack") + waiting;
    }

    private String waiting() {
        int outputs = status.path("machine").path("waitingOutputs").asInt();
        return outputs == 0 ? "" : outputs + (outputs == 1 ? " output waits" : " outputs wait");
    }

    private String volumes() {
        List<String> volumes = new ArrayList<>();
        status.path("volumes")
                .forEach(volume -> volumes.add(volume.path("name").asText() + " " + size(volume.path("size"))));
        return volumes.isEmpty() ? "none" : String.join(", ", volumes);
    }

    private void counters() {
        JsonNode c = status.path("counters");
        row("writes", c.path("writes").asText() + ", " + size(c.path("writtenBytes")));
        row(
                "so far",
                count(c, "checkpoints") + ", " + count(c, "failovers") + ", " + count(c, "rollbacks") + ", "
                        + count(c, "joins"));
    }

    private static String count(JsonNode counters, String name) {
        return counters.path(name).asText("0") + " " + name;
    }

    private void row(String name, String value) {
        lines.add(String.format(Locale.ROOT, "  %-9s %s", name, value));
    }

    private String text(String... path) {
        JsonNode node = status;
        for (String name : path) {
            node = node.path(name);
        }
        return node.asText("");
    }

    private static String size(JsonNode node) {
        return Sizes.format(node.asLong());
    }

    private static String join(String... parts) {
        return String.join(
                ", ", List.of(parts).stream().filter(part -> !part.isEmpty()).toList());
    }

    private String since(String name) {
        try {
            return ago(Duration.between(Instant.parse(text(name)), now));
        } catch (DateTimeParseException e) {
            return "?";
        }
    }

    static String ago(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds < 1) {
            return Math.max(0, duration.toMillis()) + " ms";
        }
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return seconds / 60 + " min " + seconds % 60 + " s";
        }
        return seconds < 86_400
                ? seconds / 3600 + " h " + seconds / 60 % 60 + " min"
                : seconds / 86_400 + " d " + seconds / 3600 % 24 + " h";
    }
}
