package dev.unwrite.chaos.campaign;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Traces of programs, as they write them. */
final class SampleTrace {
    private final Map<String, List<String>> lines = new TreeMap<>();
    private final long startedAt;

    SampleTrace(long startedAt) {
        this.startedAt = startedAt;
    }

    private long micros(double millis) {
        return startedAt / 1_000 + Math.round(millis * 1_000);
    }

    /** A line at a moment after the start; {@code fields} begins with a comma, or is empty. */
    SampleTrace line(String program, double millis, String action, String fields) {
        List<String> own = lines.computeIfAbsent(program, name -> new ArrayList<>());
        own.add("{\"seq\":" + own.size() + ",\"t\":" + micros(millis) + ",\"node\":\"" + program
                + "\",\"start\":1,\"action\":\"" + action + "\"" + fields + "}");
        return this;
    }

    static String record(long version, long term, String owner, String mode) {
        return ",\"record\":{\"version\":" + version + ",\"term\":" + term + ",\"owner\":\"" + owner + "\",\"mode\":\""
                + mode + "\",\"secondary\":\"\",\"base\":7}";
    }

    /** A dies with two checkpoints cut and one committed; B takes over and puts three blocks back. */
    SampleTrace takeover(double at, long term) {
        double dies = at - 720;
        line("A", dies - 40, "Cut", ",\"term\":" + (term - 1) + ",\"epoch\":7");
        line("B", dies - 36, "StagePart", ",\"term\":" + (term - 1) + ",\"epoch\":7");
        line("B", dies - 30, "Commit", ",\"term\":" + (term - 1) + ",\"epoch\":7");
        line("A", dies - 28, "LearnCommitted", ",\"term\":" + (term - 1) + ",\"epoch\":7");
        line("A", dies - 27, "Speak", ",\"said\":7");
        for (int block = 0; block < 3; block++) {
            String extent = ",\"extent\":[0," + block + ",1]";
            line("A", dies - 20 + block, "MachineWrite", ",\"id\":1" + extent);
            line("B", dies - 19 + block, "StoreCopy", ",\"term\":1,\"epoch\":7" + extent);
            line("storage", dies - 18 + block, "Apply", ",\"host\":\"A\"" + extent);
        }
        line("B", at - 4, "Propose", record(5, term - 1, "A", "protected") + ",\"change\":\"TAKE_OVER\"");
        line("storage", at, "Record", ",\"host\":\"B\"" + record(6, term, "B", "rollback"));
        line("B", at + 1, "TakeOver", record(6, term, "B", "rollback") + ",\"session\":9");
        for (int block = 0; block < 3; block++) {
            line("storage", at + 6 + block, "Apply", ",\"host\":\"B\",\"extent\":[0," + block + ",1]");
        }
        line("B", at + 13, "Propose", record(6, term, "B", "rollback") + ",\"change\":\"FINISH_ROLLBACK\"");
        line("storage", at + 25, "Record", ",\"host\":\"B\"" + record(7, term, "B", "solo"));
        line("B", at + 26, "FinishRollback", record(7, term, "B", "solo"));
        return line("B", at + 43, "Resume", "");
    }

    /** Writes a file for each program. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Map.Entry<String, List<String>> program : lines.entrySet()) {
            Files.writeString(
                    folder.resolve(program.getKey() + "-" + micros(0) + ".ndjson"),
                    String.join("\n", program.getValue()) + "\n{\"seq\":99,\"t\":17");
        }
    }
}
