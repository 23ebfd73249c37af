package dev.unwrite.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageObserver.Asked;
import dev.unwrite.storage.StorageObserver.Kind;
import dev.unwrite.storage.StorageObserver.Refusal;
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
            trace.step(
                    START, new Action.MachineWrite(i, new Extent(0, i, 2)), START, Contents.written(new int[] {i, i + 1
                    }));
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
                trace.step(START, new Action.Cut(false), START, null);
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
        trace.booted("vm", "s", 1, OwnershipRecord.INITIAL, List.of("disk", "data"));
        trace.sessionOpened("vm", new Session(9, "A", 1, true), List.of());
        ByteBuffer data = ByteBuffer.allocate(2 * Extent.BLOCK_BYTES).put(0, (byte) 1);
        trace.written(new Write("vm", "data", 9, -1, Kind.WRITE, 4096, 8192, data, true));
        trace.written(new Write("vm", "data", 9, -1, Kind.ZERO, 0, 4096, null, true));
        trace.written(new Write("vm", "data", 9, -1, Kind.TRIM, 0, 4096, null, true));
        trace.flushed("vm", "data", 9);
        List<JsonNode> lines = lines();
        assertThat(lines.stream().map(line -> line.path("action").asText()))
                .containsExactly("Boot", "Session", "Apply", "Apply", "Apply", "Flushed");
        assertThat(lines.get(2).path("host").asText()).isEqualTo("A");
        assertThat(lines.get(2).path("extent").toString()).isEqualTo("[1,1,2]");
        assertThat(lines.get(2).path("values").get(1).asInt()).isEqualTo(BlockHash.ZERO);
        assertThat(lines.get(2).path("values").get(0).asInt()).isNotEqualTo(BlockHash.ZERO);
        for (int zeroed : new int[] {3, 4}) {
            assertThat(lines.get(zeroed).path("values").toString()).isEqualTo("[" + BlockHash.ZERO + "]");
        }
        trace.close();
    }

    @Test
    void ofManyRefusalsFewGetALine() throws Exception {
        try (StorageTrace trace = StorageTrace.open(dir)) {
            trace.booted("vm", "s", 1, OwnershipRecord.INITIAL, List.of("disk"));
            trace.sessionOpened("vm", new Session(9, "A", 1, true), List.of());
            for (int i = 0; i < 1000; i++) {
                trace.refused(new Refusal("vm", "A", 9, 2, Asked.WRITE));
            }
            trace.refused(new Refusal("vm", "A", 9, 2, Asked.RECORD));
            trace.refused(new Refusal("vm", "B", 9, 2, Asked.WRITE));
            trace.refused(new Refusal("vm", "A", 10, 2, Asked.WRITE));
        }
        List<JsonNode> refused = lines().stream()
                .filter(line -> line.path("action").asText().equals("Refused"))
                .toList();
        assertThat(refused.stream()
                        .map(line ->
                                line.path("what").asText() + line.path("times").asInt()))
                .containsExactly(
                        "write1",
                        "write2",
                        "write3",
                        "write4",
                        "write5",
                        "write6",
                        "write7",
                        "write8",
                        "write16",
                        "write32",
                        "write64",
                        "write128",
                        "write256",
                        "write512",
                        "record1");
        assertThat(refused.getFirst().path("host").asText()).isEqualTo("A");
        assertThat(refused.getFirst().path("session").asLong()).isEqualTo(9);
        assertThat(refused.getFirst().path("term").asLong()).isEqualTo(2);
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
