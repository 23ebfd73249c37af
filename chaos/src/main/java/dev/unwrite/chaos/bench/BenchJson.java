package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.chaos.report.Page;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** {@code bench.json}: the machine, each sample, and what follows from them. */
final class BenchJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();

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

    /** Replaces {@code bench.json}, and the page with plots beside it, {@code bench.html}. */
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
        all.put("machineWords", head.machine().words());
        all.set("machine", JSON.valueToTree(head.machine()));
        all.set("skipped", JSON.valueToTree(head.skipped()));
        ArrayNode cells = all.putArray("cells");
        results.cells().forEach(cell -> cells.add(cell(cell, results)));
        all.set("residentBytes", JSON.valueToTree(results.memory()));
        all.set("footprints", JSON.valueToTree(results.footprints()));
        results.traces()
                .ifPresent(speed -> all.set(
                        "traces", JSON.<ObjectNode>valueToTree(speed).put("eventsPerSecond", speed.eventsPerSecond())));
        results.simulator()
                .ifPresent(speed -> all.set(
                        "simulator",
                        JSON.<ObjectNode>valueToTree(speed).put("failoversPerSecond", speed.failoversPerSecond())));
        all.set("pauses", JSON.valueToTree(results.pauses()));
        all.set("takeovers", takeovers(results.takeovers()));
        all.set("targets", targets(Targets.of(results)));
        Page.putJson(file, all);
        Page.write(file.resolveSibling("bench.html"), "bench.html", all);
    }

    /** All, with what follows from them; of each size one is the one in the middle, which tables and pages show. */
    private static ArrayNode takeovers(List<Takeover> all) {
        ArrayNode json = JSON.createArrayNode();
        List<Takeover> middles = Takeover.middles(all);
        for (Takeover takeover : all) {
            ObjectNode one = JSON.valueToTree(takeover);
            one.put("restoredMibPerSecond", takeover.restoredMibPerSecond());
            one.put("ratioToDisk", takeover.ratioToDisk());
            one.put("elseMillis", takeover.elseMillis());
            one.put("allMillis", takeover.allMillis());
            one.put("middle", middles.contains(takeover));
            json.add(one);
        }
        return json;
    }

    private static ArrayNode targets(List<Target> targets) {
        ArrayNode json = JSON.createArrayNode();
        for (Target target : targets) {
            json.addObject()
                    .put("what", target.what())
                    .put("target", target.bound())
                    .put("atLeast", target.isLeast())
                    .put("targetWords", target.boundWords())
                    .put("figure", target.figure())
                    .put("figureWords", target.figureWords())
                    .put("verdict", target.verdict());
        }
        return json;
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
        json.set("cpuMicros", JSON.valueToTree(cell.cpuMicros()));
        cell.diskBytes().ifPresent(spread -> json.set("diskBytes", JSON.valueToTree(spread)));
        results.ratio(cell, "raw").ifPresent(ratio -> json.put("ratioToRaw", ratio));
        results.ratio(cell, "cbw").ifPresent(ratio -> json.put("ratioToCbw", ratio));
        json.set("samples", JSON.valueToTree(cell.samples()));
        return json;
    }
}
