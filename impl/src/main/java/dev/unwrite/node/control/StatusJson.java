package dev.unwrite.node.control;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.node.control.NodeStatus.Counters;
import dev.unwrite.node.control.NodeStatus.LastCheckpoint;
import dev.unwrite.node.control.NodeStatus.OwnershipRecord;
import org.jspecify.annotations.Nullable;

/**
 * The status as JSON. Spelled out by hand, since programs outside depend on these names: renaming a field of
 * {@link NodeStatus} must not change them.
 */
final class StatusJson {
    private StatusJson() {}

    static ObjectNode of(NodeStatus status) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("name", status.name());
        json.put("group", status.group());
        json.put("role", status.role().toString());
        json.put("mode", status.mode().toString());
        json.put("term", status.term());
        json.put("epoch", status.epoch());
        json.put("committed", status.committed());
        json.putObject("undo")
                .put("blocks", status.undo().blocks())
                .put("bytes", status.undo().bytes())
                .put("limitBytes", status.undo().limitBytes())
                .put("waitingWrites", status.undo().waitingWrites())
                .put("waitingMillis", status.undo().waitingMillis());
        json.putObject("peer")
                .put("name", status.peer().name())
                .put("address", status.peer().address())
                .put("connected", status.peer().connected())
                .put("lastHeardMillis", status.peer().lastHeardMillis())
                .put("control", status.peer().control());
        json.put("unprotectedSince", text(status.unprotectedSince()));
        json.put("ack", status.ack());
        json.put("session", status.session());
        json.putObject("storage")
                .put("uri", status.storage().uri())
                .put("connected", status.storage().connected())
                .put("boot", status.storage().boot());
        json.putObject("machine")
                .put("kind", status.machine().kind())
                .put("state", status.machine().state())
                .put("detail", status.machine().detail())
                .put("waitingOutputs", status.machine().waitingOutputs());
        var volumes = json.putArray("volumes");
        status.volumes()
                .forEach(
                        volume -> volumes.addObject().put("name", volume.name()).put("size", volume.size()));
        json.set("record", record(status.record()));
        json.set("counters", counters(status.counters()));
        json.set("lastCheckpoint", lastCheckpoint(status.lastCheckpoint()));
        json.put("since", status.since().toString());
        return json;
    }

    private static @Nullable ObjectNode record(@Nullable OwnershipRecord record) {
        return record == null
                ? null
                : JsonNodeFactory.instance
                        .objectNode()
                        .put("version", record.version())
                        .put("term", record.term())
                        .put("owner", record.owner())
                        .put("mode", record.mode())
                        .put("secondary", record.secondary())
                        .put("base", record.base());
    }

    private static ObjectNode counters(Counters counters) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("writes", counters.writes())
                .put("writtenBytes", counters.writtenBytes())
                .put("preserveRequests", counters.preserveRequests())
                .put("preservedBlocks", counters.preservedBlocks())
                .put("checkpoints", counters.checkpoints())
                .put("rollbacks", counters.rollbacks())
                .put("restoredBlocks", counters.restoredBlocks())
                .put("failovers", counters.failovers())
                .put("joins", counters.joins())
                .put("heldOutputs", counters.heldOutputs())
                .put("releasedOutputs", counters.releasedOutputs());
    }

    private static @Nullable ObjectNode lastCheckpoint(@Nullable LastCheckpoint last) {
        return last == null
                ? null
                : JsonNodeFactory.instance
                        .objectNode()
                        .put("epoch", last.epoch())
                        .put("durationMillis", last.durationMillis())
                        .put("stateBytes", last.stateBytes())
                        .put("pauseMillis", last.pauseMillis())
                        .put("ageMillis", last.ageMillis());
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }
}
