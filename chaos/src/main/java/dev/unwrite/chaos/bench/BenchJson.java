package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** {@code bench.json}: the machine, each sample, and what follows from them. */
final class BenchJson {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private BenchJson() {}

    /**
     * What a file says besides the cells.
     *
     * @param seconds from the start to the end of the last measurement
     * @param rounds how many were made
     * @param skipped what was not measured, and why, a line each
     */
    record Head(
            String command,
            Instant startedAt,
            long seconds,
            BenchPlan plan,
            int rounds,
            MachineInfo machine,
            List<String> skipped) {}

    /** Replaces the file. */
    static void write(Path file, Head head, BenchResults results) throws IOException {
        ObjectNode all = JSON.createObjectNode();
        all.put("command", head.command());
        all.put("startedAt", head.startedAt().toString());
        all.put("seconds", head.seconds());
        all.put("rounds", head.rounds());
        all.put("roundsPlanned", head.plan().rounds());
        all.put("diskBytes", head.plan().diskBytes());
        all.put("cellMillis", head.plan().cell().toMillis());
        all.put("othersCores", results.othersCores());
        all.set("machine", JSON.valueToTree(head.machine()));
        all.set("skipped", JSON.valueToTree(head.skipped()));
        ArrayNode cells = all.putArray("cells");
        results.cells().forEach(cell -> cells.add(cell(cell, results)));
        Files.writeString(file, JSON.writeValueAsString(all) + "\n");
    }

    private static ObjectNode cell(Cell cell, BenchResults results) {
        ObjectNode json = JSON.createObjectNode();
        Workload workload = cell.workload();
        json.put("setup", cell.setup());
        json.put("workload", workload.id());
        json.put("pattern", workload.pattern().id());
        json.put("depth", workload.depth());
        json.put("blockBytes", workload.pattern().blockBytes());
        json.put("cold", cell.isCold());
        json.set("iops", JSON.valueToTree(cell.iops()));
        json.set("p50Micros", JSON.valueToTree(cell.p50Micros()));
        json.set("p99Micros", JSON.valueToTree(cell.p99Micros()));
        results.ratio(cell, "raw").ifPresent(ratio -> json.put("ratioToRaw", ratio));
        results.ratio(cell, "cbw").ifPresent(ratio -> json.put("ratioToCbw", ratio));
        json.set("samples", JSON.valueToTree(cell.samples()));
        return json;
    }
}
