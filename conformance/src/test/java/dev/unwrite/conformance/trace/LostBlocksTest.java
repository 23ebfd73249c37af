package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LostBlocksTest {
    private static final BlockId BLOCK = new BlockId(0, 18);
    private static final String OLD = "[5]";
    private static final String NEW = "[7]";

    private final List<TraceEvent> storage = new ArrayList<>();

    private static TraceEvent event(String json) {
        try {
            return new TraceEvent(Path.of("trace"), 1, new JsonMapper().readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private void says(String json) {
        storage.add(event(json));
    }

    private void applies(long session, String values) {
        says("{\"action\":\"Apply\",\"session\":" + session + ",\"extent\":[0,18,1],\"values\":" + values + "}");
    }

    /** The old content is durable, the new one is not flushed; then the storage starts again, and term 2 begins. */
    private void startsAgain(String boot) {
        says("{\"action\":\"Boot\",\"record\":{\"version\":0,\"term\":0}}");
        says("{\"action\":\"Session\",\"session\":1,\"term\":1}");
        applies(1, OLD);
        says("{\"action\":\"Flushed\",\"session\":1,\"volume\":0}");
        applies(1, NEW);
        says("{\"action\":\"Boot\",\"record\":{\"version\":1,\"term\":1}" + boot + "}");
        says("{\"action\":\"Session\",\"session\":2,\"term\":2}");
        says("{\"action\":\"Record\",\"session\":2,\"record\":{\"version\":2,\"term\":2}}");
    }

    private void reads(String values) {
        says("{\"action\":\"Read\",\"session\":2,\"extent\":[0,18,1],\"values\":" + values + "}");
    }

    private List<BlockId> lost() {
        return LostBlocks.told(storage).get(5).lost();
    }

    @Test
    void whatWasNotFlushedAndCameBackAsItWasBeforeIsLost() {
        startsAgain("");
        reads(OLD);
        assertThat(lost()).containsExactly(BLOCK);
    }

    @Test
    void whatIsThereIsNotLost() {
        startsAgain("");
        reads(NEW);
        assertThat(lost()).isEmpty();
    }

    @Test
    void whatWasWrittenAgainBeforeItWasReadSaysNothing() {
        startsAgain("");
        applies(2, OLD);
        reads(OLD);
        assertThat(lost()).isEmpty();
    }

    @Test
    void aLaterWriteSaysNothingOfWhatWasReadBefore() {
        startsAgain("");
        reads(OLD);
        applies(2, OLD);
        assertThat(lost()).containsExactly(BLOCK);
    }

    @Test
    void whatIsSeenOnlyAfterAnotherStartIsLost() {
        startsAgain("");
        says("{\"action\":\"Boot\",\"record\":{\"version\":2,\"term\":2}}");
        reads(OLD);
        assertThat(lost()).containsExactly(BLOCK);
    }

    @Test
    void aStorageThatSaysWhatItLostIsBelieved() {
        startsAgain(",\"lost\":[]");
        reads(OLD);
        assertThat(lost()).isEmpty();
    }
}
