package dev.unwrite.node.control;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The results as JSON, spelled out for the same reason as {@link StatusJson}. */
final class ResultJson {
    private ResultJson() {}

    static ObjectNode of(ControlApi.CheckpointResult result) {
        return json().put("term", result.term())
                .put("epoch", result.epoch())
                .put("committed", result.committed())
                .put("stateBytes", result.stateBytes())
                .put("pauseMillis", result.pauseMillis())
                .put("durationMillis", result.durationMillis());
    }

    static ObjectNode of(ControlApi.FailoverResult result) {
        return json().put("kind", result.kind())
                .put("term", result.term())
                .put("epoch", result.epoch())
                .put("restoredBlocks", result.restoredBlocks())
                .put("restoredBytes", result.restoredBytes())
                .put("durationMillis", result.durationMillis())
                .put("stateFile", result.stateFile())
                .put("stateless", result.stateless());
    }

    static ObjectNode of(ControlApi.SwitchoverResult result) {
        return json().put("newPrimary", result.newPrimary())
                .put("term", result.term())
                .put("epoch", result.epoch())
                .put("pauseMillis", result.pauseMillis())
                .put("durationMillis", result.durationMillis());
    }

    static ObjectNode of(ControlApi.ProtectResult result) {
        return json().put("primary", result.primary())
                .put("secondary", result.secondary())
                .put("term", result.term())
                .put("epoch", result.epoch())
                .put("already", result.already())
                .put("durationMillis", result.durationMillis());
    }

    private static ObjectNode json() {
        return JsonNodeFactory.instance.objectNode();
    }
}
