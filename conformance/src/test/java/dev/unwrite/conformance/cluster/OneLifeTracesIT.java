package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.trace.TraceFolder;
import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceValidation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rule OneLife in traces: a host may come back with less than it had only if it says that what it had is gone. */
class OneLifeTracesIT {
    private static final String START = "config:0,run:8,load:A:7:3,checkpoint:A:0,run:5,crash:B:0,";

    @TempDir
    Path folder;

    private Map<String, List<String>> replaced = Map.of();
    private Map<String, List<String>> kept = Map.of();

    @BeforeEach
    void aSecondaryComesBack() throws Exception {
        replaced = traces("replaced", START + "replace:B,restart:B,run:9");
        kept = traces("kept", START + "restart:B,run:9");
    }

    @Test
    void whoSaysThatHisFolderIsAnotherOneIsAcceptedAndReliedOnByNobody() throws Exception {
        assertThat(validate(replaced))
                .isInstanceOfSatisfying(
                        TraceJudgment.Accepted.class,
                        accepted -> assertThat(accepted.actions()).containsKey("Replaced"));
        assertThat(validate(secondStart(replaced, asAtFirst("folder"))))
                .isInstanceOfSatisfying(
                        TraceJudgment.Accepted.class,
                        accepted -> assertThat(accepted.actions()).containsKey("LoseLog"));
        assertThat(validate(kept)).isInstanceOf(TraceJudgment.Accepted.class);
    }

    /** The record relied on the checkpoint that this host does not have any more. */
    @Test
    void whoComesBackWithoutHisCheckpointAndWithTheSameLogIsRejected() throws Exception {
        Map<String, List<String>> silent = secondStart(replaced, asAtFirst("undo", "folder"));
        assertThat(validate(silent))
                .isInstanceOfSatisfying(
                        TraceJudgment.Rejected.class,
                        rejected -> assertThat(rejected.why())
                                .contains(
                                        "B came back without its checkpoint of term 1",
                                        "its undo log is the one that it had"));
    }

    @Test
    void aCheckpointDoesNotCountBesideAnotherLog() throws Exception {
        Map<String, List<String>> other =
                secondStart(kept, (first, line) -> line.replaceFirst("\"undo\":\"", "\"undo\":\"other-"));
        assertThat(validate(other))
                .isInstanceOfSatisfying(
                        TraceJudgment.Rejected.class,
                        rejected -> assertThat(rejected.why()).contains("ckptTerm is 1, the specification has 0"));
    }

    @Test
    void theFolderOfAnotherStorageIsRejected() throws Exception {
        Map<String, List<String>> known = new LinkedHashMap<>();
        kept.forEach((file, lines) -> known.put(
                file,
                lines.stream()
                        .map(line ->
                                line.replace("\"action\":\"Boot\"", "\"action\":\"Boot\",\"storage\":\"storage-1\""))
                        .toList()));
        assertThat(validate(known)).isInstanceOf(TraceJudgment.Accepted.class);
        Map<String, List<String>> foreign = secondStart(
                known, (first, line) -> line.replaceFirst("\"storage\":\"storage-1\"", "\"storage\":\"storage-2\""));
        assertThat(validate(foreign))
                .isInstanceOfSatisfying(
                        TraceJudgment.Rejected.class,
                        rejected -> assertThat(rejected.why())
                                .contains(
                                        "OneLife: the folder of B belongs to storage storage-2, this is storage storage-1"));
    }

    private static TraceJudgment validate(Map<String, List<String>> traces) throws Exception {
        return TraceValidation.validateAll(List.of(TraceFolder.of(traces))).getFirst();
    }

    private Map<String, List<String>> traces(String name, String moves) throws IOException {
        Path into = Files.createDirectories(folder.resolve(name));
        Run.of(Move.parse(moves), Tracing.into(into, 0));
        Map<String, List<String>> traces = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(into)) {
            for (Path file : files.sorted().toList()) {
                List<String> lines = new ArrayList<>(Files.readAllLines(file));
                lines.removeIf(line -> line.replace("\0", "").isBlank());
                traces.put(file.getFileName().toString(), lines);
            }
        }
        return traces;
    }

    /** Changes the second start of B; the change is told the first one, too. */
    private static Map<String, List<String>> secondStart(
            Map<String, List<String>> traces, BinaryOperator<String> change) {
        String first = starts(traces).getFirst();
        String second = starts(traces).get(1);
        Map<String, List<String>> changed = new LinkedHashMap<>();
        traces.forEach((file, lines) -> changed.put(
                file,
                lines.stream()
                        .map(line -> line.equals(second) ? change.apply(first, line) : line)
                        .toList()));
        assertThat(changed).isNotEqualTo(traces);
        return changed;
    }

    private static List<String> starts(Map<String, List<String>> traces) {
        return traces.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("B-"))
                .flatMap(entry -> entry.getValue().stream())
                .filter(line -> line.contains("\"action\":\"Restart\""))
                .toList();
    }

    /** Gives the fields the values that they had at the first start. */
    private static BinaryOperator<String> asAtFirst(String... fields) {
        return (first, second) -> {
            String line = second;
            for (String field : fields) {
                Pattern text = Pattern.compile("\"" + field + "\":\"[^\"]*\"");
                Matcher before = text.matcher(first);
                assertThat(before.find()).isTrue();
                line = text.matcher(line).replaceFirst(Matcher.quoteReplacement(before.group()));
            }
            return line;
        };
    }
}
