package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.conformance.trace.NodeLog.Tag;
import dev.unwrite.protocol.Extent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A line of a trace. */
record TraceEvent(Path file, int line, JsonNode json) {
    String action() {
        return json.path("action").asText();
    }

    /** Microseconds, for display and to choose among events that may be in any order. */
    long time() {
        return json.path("t").asLong();
    }

    long start() {
        return json.path("start").asLong();
    }

    long number(String name) {
        return json.path(name).asLong();
    }

    String text(String name) {
        return json.path(name).asText();
    }

    /** A number of the state that the process had after the event. */
    long after(String name) {
        return json.path("after").path(name).asLong();
    }

    String afterText(String name) {
        return json.path("after").path(name).asText();
    }

    /** Whether a write failed at the storage, so that nobody knows what is left of it. */
    boolean isUncertain() {
        return json.has("certain");
    }

    JsonNode record() {
        return json.path("record");
    }

    /** The number that the owner's record had, if the event came with one. */
    long recordVersion() {
        return record().path("version").asLong(-1);
    }

    int value(int index) {
        return json.path("values").path(index).asInt(0);
    }

    boolean hasValues() {
        return json.has("values");
    }

    /** The blocks of {@code extent} or {@code extents}, in their order. */
    List<BlockId> blocks() {
        List<BlockId> blocks = new ArrayList<>();
        if (json.has("extent")) {
            add(blocks, json.path("extent"));
        }
        blocks.addAll(listed("extents"));
        return blocks;
    }

    /** Takes a block, and what it holds by the event. */
    interface EachValue {
        void take(BlockId block, int value);
    }

    /** All {@link #blocks} and their values, in their order. */
    void eachValue(EachValue each) {
        int index = 0;
        for (BlockId block : blocks()) {
            each.take(block, value(index++));
        }
    }

    /** The blocks that a start of the storage came back without. */
    List<BlockId> lost() {
        return listed("lost");
    }

    private List<BlockId> listed(String name) {
        List<BlockId> blocks = new ArrayList<>();
        for (JsonNode extent : json.path(name)) {
            add(blocks, extent);
        }
        return blocks;
    }

    private static void add(List<BlockId> blocks, JsonNode extent) {
        int volume = extent.path(0).asInt();
        long first = extent.path(1).asLong();
        for (int i = 0; i < extent.path(2).asInt(); i++) {
            blocks.add(new BlockId(volume, first + i));
        }
    }

    /** The copies that a start found. */
    List<FoundCopy> found() {
        List<FoundCopy> copies = new ArrayList<>();
        for (JsonNode copy : json.path("log")) {
            Tag tag = new Tag(copy.path(0).asLong(), copy.path(1).asLong());
            for (int i = 0; i < copy.path(4).asInt(); i++) {
                copies.add(new FoundCopy(
                        tag, new BlockId(copy.path(2).asInt(), copy.path(3).asLong() + i)));
            }
        }
        return copies;
    }

    /** Term and epoch that the event names. */
    Tag tag() {
        return new Tag(number("term"), number("epoch"));
    }

    /** A copy of a block. */
    record FoundCopy(Tag tag, BlockId block) {}

    /** A block of {@link Extent#BLOCK_BYTES} of a volume. */
    record BlockId(int volume, long number) {}

    /** Where the event stands. */
    String place() {
        return file.getFileName() + ", line " + line;
    }
}
