package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees that take less memory are the same trees. */
class CompactNodesTest {
    private static final JsonMapper USUAL = new JsonMapper();

    private static JsonNode compact(String text) throws Exception {
        return USUAL.reader().with(new CompactNodes()).readTree(text);
    }

    @Test
    void allLinesOfRunsAreReadAsTheUsualWay(@TempDir Path dir) throws Exception {
        int lines = 0;
        for (int seed = 0; seed < 20; seed++) {
            for (List<String> file : new SimulatedRuns(dir).run(seed).values()) {
                for (String line : file) {
                    if (!line.isBlank()) {
                        lines++;
                        JsonNode usual = USUAL.readTree(line);
                        JsonNode compact = compact(line);
                        assertThat(compact).isEqualTo(usual).hasToString(usual.toString());
                        assertThat(usual).isEqualTo(compact);
                        assertThat(compact.hashCode()).isEqualTo(usual.hashCode());
                    }
                }
            }
        }
        assertThat(lines).isGreaterThan(1_000);
    }

    @Test
    void numbersAndWordsThatComeAgainKeepTheirTypes() throws Exception {
        String text =
                "[0,-1,4095,4096,2147483647,2147483648,4294967297,-9223372036854775808,\"a\",\"\",\"a\",true,null,0.5]";
        JsonNode twice = compact("{\"one\":" + text + ",\"two\":" + text + "}");
        assertThat(twice.path("one")).isEqualTo(USUAL.readTree(text)).isEqualTo(twice.path("two"));
        assertThat(twice.path("one").path(3).isInt()).isTrue();
        assertThat(twice.path("one").path(5).isInt()).isFalse();
        assertThat(twice.path("one").path(6).isIntegralNumber()).isTrue();
        assertThat(twice.path("one").path(8)).isSameAs(twice.path("two").path(10));
    }

    @Test
    void anObjectHasItsLastValueOfANameAndCanBeChanged() throws Exception {
        ObjectNode node = (ObjectNode) compact("{\"a\":1,\"b\":2,\"a\":3}");
        assertThat(node).isEqualTo(USUAL.readTree("{\"a\":3,\"b\":2}"));
        for (int i = 0; i < 100; i++) {
            node.put("field" + i, i);
        }
        assertThat(node).hasSize(102);
        assertThat(node.path("field99").asInt()).isEqualTo(99);
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        assertThat(names).startsWith("a", "b", "field0").endsWith("field99");
        assertThat(node.has("field100")).isFalse();
    }

    @Test
    void anEmptyLineBeforeTheEndOfATraceIsRefused() {
        String event = "{\"action\":\"Restart\",\"t\":1,\"node\":\"A\"}";
        assertThatThrownBy(() -> TraceFolder.of(Map.of("A-1.ndjson", List.of("", event))))
                .isInstanceOf(TraceFormatException.class)
                .hasMessage("A-1.ndjson, line 1 is not JSON");
        assertThatThrownBy(() -> TraceFolder.of(Map.of("A-1.ndjson", List.of("", ""))))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("no trace of a node");
    }
}
