package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.NodeLog.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The steps of the specification, as they come; knows how a line for TLC is spelled. */
final class StepList {
    private static final List<String> SAME =
            List.of("role", "term", "mode", "epoch", "kept", "asked", "owes", "cuts", "copies", "ckptTerm");

    private final List<MergedStep> steps = new ArrayList<>();
    /** The specification's names of the hosts, by the nodes' names. */
    private final Map<String, String> hosts;

    StepList(Map<String, String> hosts) {
        this.hosts = hosts;
    }

    /** A step of a host that is being put together. */
    final class Draft {
        private final String action;
        private final TraceEvent source;
        private final String node;
        private final ObjectNode json = JsonNodeFactory.instance.objectNode();
        private @Nullable String hidden;

        private Draft(String action, String node, TraceEvent source) {
            this.action = action;
            this.source = source;
            this.node = node;
            json.put("action", action).put("host", hosts.getOrDefault(node, "A"));
            json.put("block", 0).put("value", 0).put("term", 0).put("epoch", 0);
            json.put("compare", false).put("changes", false);
        }

        Draft block(int number) {
            json.put("block", number);
            return this;
        }

        Draft blocks(List<Integer> numbers) {
            ArrayNode array = json.putArray("blocks");
            numbers.forEach(array::add);
            return this;
        }

        Draft value(int value) {
            json.put("value", value);
            return this;
        }

        Draft tag(Tag tag) {
            json.put("term", tag.term()).put("epoch", tag.epoch());
            return this;
        }

        /** The state after the step is the one that the source recorded. */
        Draft compare(Map<String, HostShadow> shadows) {
            JsonNode after = source.json().path("after");
            ObjectNode said = json.putObject("after");
            for (String name : SAME) {
                said.set(name, after.path(name));
            }
            HostShadow shadow = shadows.get(node);
            if (shadow != null && shadow.found > 0) {
                said.put("copies", source.after("copies") - shadow.found);
            }
            said.put("connected", after.path("session").asLong() != 0);
            said.put("pending", source.after("pending") + source.after("owed"));
            said.put("dirty", source.after("dirty"));
            said.put("ckptEpoch", source.after("ckptEpoch") + 1);
            json.put("compare", true);
            return this;
        }

        /** The record after the step is the one that the source recorded. */
        Draft changes() {
            ObjectNode record = json.putObject("record");
            for (String name : List.of("term", "owner", "mode", "secondary", "base")) {
                JsonNode value = source.record().path(name);
                if (value.isTextual() && !name.equals("mode")) {
                    record.put(name, hosts.getOrDefault(value.asText(), ""));
                } else {
                    record.set(name, value);
                }
            }
            json.put("changes", true);
            return this;
        }

        /** Nobody recorded it. */
        Draft hidden(String why) {
            hidden = why;
            return this;
        }

        void add() {
            steps.add(new MergedStep(action, json.toString(), source, hidden));
        }
    }

    Draft of(String action, String node, TraceEvent source) {
        return new Draft(action, node, source);
    }

    List<MergedStep> steps() {
        return steps;
    }

    /** Drops the steps so far: for those who only want the order of the events. */
    void forget() {
        steps.clear();
    }
}
