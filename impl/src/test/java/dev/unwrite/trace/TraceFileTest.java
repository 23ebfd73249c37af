package dev.unwrite.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageObserver.Kind;
import dev.unwrite.storage.StorageObserver.Write;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {
    private static final HostState START = HostState.started("A", "B", new TreeMap<>(), null);

    @TempDir
    private Path dir;

    @Test
    void whatWasWrittenIsThereWithoutClose() throws Exception {
        TraceWriter trace = TraceWriter.open(dir, "A");
        trace.step(START, new Action.Restart(), START, null);
        for (int i = 1; i <= 3000; i++) {
            trace.step(START, new Action.MachineWrite(i, new Extent(0, i, 2)), START, new int[] {i, i + 1});
        }
        List<JsonNode> lines = lines();
        assertThat(lines).hasSize(3001);
        assertThat(lines.get(0).path("action").asText()).isEqualTo("Restart");
        JsonNode last = lines.get(3000);
        assertThat(last.path("seq").asInt()).isEqualTo(3000);
        assertThat(last.path("extent").toString()).isEqualTo("[0,3000,2]");
        assertThat(last.path("values").toString()).isEqualTo("[3000,3001]");
        assertThat(last.path("after").path("role").asText()).isEqualTo("idle");
        trace.close();
        assertThat(Files.readString(file())).endsWith("}\n").doesNotContain("\n\n");
    }

    @Test
    void aTraceEndsClearlyAtItsLimit() throws Exception {
        try (TraceWriter trace = NodeTrace.open(dir, "A", 2000, () -> 7)) {
            for (int i = 0; i < 100; i++) {
                trace.step(START, new Action.Cut(), START, null);
            }
        }
        assertThat(Files.size(file())).isLessThanOrEqualTo(2000);
        assertThat(Files.readString(file())).endsWith("\n" + TraceFile.LIMIT_LINE);
    }

    @Test
    void aProcessNeverWritesToTheFileOfAnother() throws Exception {
        NodeTrace.open(dir, "A", 2000, () -> 7).close();
        NodeTrace.open(dir, "A", 2000, () -> 7).close();
        assertThat(dir.resolve("A-7.ndjson")).exists();
        assertThat(dir.resolve("A-8.ndjson")).exists();
    }

    @Test
    void aLaterProcessComesLaterWhateverItsClockSays() throws Exception {
        NodeTrace.open(dir, "A", 2000, () -> 700).close();
        NodeTrace.open(dir, "A", 2000, () -> 7).close();
        NodeTrace.open(dir, "B", 2000, () -> 7).close();
        assertThat(dir.resolve("A-701.ndjson")).exists();
        assertThat(dir.resolve("B-7.ndjson")).exists();
    }

    @Test
    void theStorageTellsWhatItApplies() throws Exception {
        StorageTrace trace = StorageTrace.open(dir);
        trace.booted("vm", 1, OwnershipRecord.INITIAL, List.of("disk", "data"));
        trace.sessionOpened("vm", new Session(9, "A", 1, true), List.of());
        ByteBuffer data = ByteBuffer.allocate(2 * Extent.BLOCK_BYTES).put(0, (byte) 1);
        trace.written(new Write("vm", "data", 9, -1, Kind.WRITE, 4096, 8192, data, true));
        trace.written(new Write("vm", "data", 9, -1, Kind.ZERO, 0, 4096, null, true));
        trace.written(new Write("vm", "data", 9, -1, Kind.TRIM, 0, 4096, null, true));
        trace.flushed("vm", "data", 9);
        List<JsonNode> lines = lines();
        assertThat(lines.stream().map(line -> line.path("action").asText()))
                .containsExactly("Boot", "Session", "Apply", "Apply", "Flushed");
        assertThat(lines.get(2).path("host").asText()).isEqualTo("A");
        assertThat(lines.get(2).path("extent").toString()).isEqualTo("[1,1,2]");
        assertThat(lines.get(2).path("values").get(1).asInt()).isEqualTo(BlockHash.ZERO);
        assertThat(lines.get(2).path("values").get(0).asInt()).isNotEqualTo(BlockHash.ZERO);
        assertThat(lines.get(3).path("values").toString()).isEqualTo("[" + BlockHash.ZERO + "]");
        trace.close();
    }

    private Path file() throws IOException {
        try (var files = Files.list(dir)) {
            return files.findFirst().orElseThrow();
        }
    }

    private List<JsonNode> lines() throws IOException {
        JsonMapper mapper = new JsonMapper();
        List<JsonNode> lines = new java.util.ArrayList<>();
        for (String line : Files.readAllLines(file())) {
            if (!line.isEmpty()) {
                lines.add(mapper.readTree(line));
            }
        }
        return lines;
    }
}
