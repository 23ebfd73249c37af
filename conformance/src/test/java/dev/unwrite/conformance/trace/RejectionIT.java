package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rejection names file, line, event, the conjunct that is false with its place and values, and what was enabled. */
class RejectionIT {
    @TempDir
    private Path dir;

    /** A mistake, and what is to be said of it. */
    private record Mistake(String action, UnaryOperator<String> change, String conjunct) {}

    private static final List<Mistake> MISTAKES = List.of(
            new Mistake(
                    "RecvPreserved",
                    text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1"),
                    "m \\in net (Unwrite.tla, line "),
            new Mistake(
                    "RecvPreserved",
                    text -> text.replaceFirst("\"term\":(\\d+)", "\"term\":7$1"),
                    "m \\in net (Unwrite.tla, line "),
            new Mistake(
                    "Apply",
                    text -> text.replaceFirst("\"values\":\\[\\d+", "\"values\":[77"),
                    "\\E w \\in wire : w.value = E.value (UnwriteTrace.tla, line "),
            new Mistake("StoreCopy", text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1"), "E.epoch"),
            new Mistake(
                    "LearnCommitted",
                    text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1"),
                    "m \\in net (Unwrite.tla, line "),
            new Mistake(
                    "StagePart",
                    text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1"),
                    "parts # {} (UnwriteTrace.tla, line "),
            new Mistake(
                    "Commit",
                    text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1")
                            .replaceFirst("\"ckptEpoch\":(\\d+)", "\"ckptEpoch\":7$1"),
                    "parts # {} (Unwrite.tla, line "),
            new Mistake(
                    "ReadOld",
                    text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":7$1"),
                    "m \\in net (Unwrite.tla, line "),
            new Mistake(
                    "Cut",
                    text -> text.replaceFirst("\"dirty\":0", "\"dirty\":1"),
                    "dirty is 1, the specification has 0"));

    @Test
    void eachNamesWhatIsFalse() throws Exception {
        Map<String, List<String>> good = new SimulatedRuns(dir).run(3);
        List<TraceFolder> runs = new ArrayList<>();
        List<String> places = new ArrayList<>();
        for (Mistake mistake : MISTAKES) {
            Map<String, List<String>> changed = new LinkedHashMap<>(good);
            places.add(make(mistake, changed));
            runs.add(TraceFolder.of(changed));
        }
        List<TraceJudgment> verdicts = TraceValidation.validateAll(runs);
        for (int i = 0; i < verdicts.size(); i++) {
            Mistake mistake = MISTAKES.get(i);
            String place = places.get(i);
            assertThat(verdicts.get(i)).isInstanceOfSatisfying(TraceJudgment.Rejected.class, rejected -> {
                assertThat(rejected.file() + ":" + rejected.line()).isEqualTo(place);
                assertThat(rejected.event()).contains("\"action\":\"" + mistake.action + "\"");
                assertThat(rejected.conjunct()).contains(mistake.conjunct);
                assertThat(rejected.why()).contains(rejected.conjunct());
                assertThat(rejected.enabled()).isNotEmpty();
            });
        }
    }

    /** In the first event of this name; returns file and line. */
    private static String make(Mistake mistake, Map<String, List<String>> files) {
        for (Map.Entry<String, List<String>> file : new TreeMap<>(files).entrySet()) {
            List<String> lines = new ArrayList<>(file.getValue());
            for (int i = 0; i < lines.size(); i++) {
                String changed = mistake.change.apply(lines.get(i));
                if (lines.get(i).contains("\"action\":\"" + mistake.action + "\"") && !changed.equals(lines.get(i))) {
                    lines.set(i, changed);
                    files.put(file.getKey(), lines);
                    return file.getKey() + ":" + (i + 1);
                }
            }
        }
        throw new AssertionError("no event " + mistake.action);
    }
}
