package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The status of one node, and its control address.
 *
 * @param json the answer to {@code GET /status}
 * @param control {@code HOST:PORT}
 */
record NodeView(JsonNode json, String control) {
    /** A placeholder, in a suggested command, for an unknown address. */
    static final String PLACE = "ITS-CONTROL-ADDRESS";

    private static final List<String> ORDER = List.of("primary", "restoring", "secondary", "idle");

    String name() {
        return json.path("name").asText();
    }

    boolean is(String role) {
        return json.path("role").asText().equals(role);
    }

    boolean mode(String mode) {
        return json.path("mode").asText().equals(mode);
    }

    long term() {
        return json.path("term").asLong();
    }

    /** The peer's name where it is known, else where it would be. */
    String peerName() {
        JsonNode peer = json.path("peer");
        return peer.path("name").isTextual()
                ? peer.path("name").asText()
                : "the node at " + peer.path("address").asText();
    }

    boolean peerConnected() {
        return json.at("/peer/connected").asBoolean();
    }

    /** For how long the peer has been silent; null if it was never heard. */
    @Nullable
    Duration peerSilence() {
        JsonNode heard = json.at("/peer/lastHeardMillis");
        return heard.isNumber() ? Duration.ofMillis(heard.asLong()) : null;
    }

    /** Where the peer takes commands, as it said, else what stands for it. */
    String peerControl() {
        JsonNode told = json.at("/peer/control");
        return told.isTextual() ? told.asText() : PLACE;
    }

    boolean storageConnected() {
        return json.at("/storage/connected").asBoolean();
    }

    String storage() {
        return json.at("/storage/uri").asText();
    }

    String machineState() {
        return json.at("/machine/state").asText();
    }

    /** What the node itself says about its state; empty if nothing. */
    String note() {
        return json.at("/machine/detail").asText();
    }

    /** The ownership record as this node knows it: owner, mode, secondary, version. */
    JsonNode ownership() {
        return json.path("record");
    }

    /** How long the pair has not been protected; null while it is, or where the node does not say. */
    @Nullable
    Duration unprotected(Instant now) {
        try {
            return Duration.between(Instant.parse(json.path("unprotectedSince").asText("")), now);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** Whether this node is shown first: it runs the machine, or is closer to running it. */
    boolean isBefore(NodeView other) {
        int mine = rank();
        int others = other.rank();
        return mine != others ? mine < others : mine == 0 && term() > other.term();
    }

    private int rank() {
        int at = ORDER.indexOf(json.path("role").asText());
        return at < 0 ? ORDER.size() : at;
    }
}
