package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.conformance.cluster.Move;
import dev.unwrite.conformance.cluster.Run;
import dev.unwrite.conformance.cluster.Tracing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of the real host are accepted, and what was changed in them is found. */
class TraceValidationIT {
    private static final String CALM =
            "config:0,run:8,load:A:7:3,run:3,load:A:15:40,run:4,load:A:11:90,run:5,switchover:A,run:8,"
                    + "load:B:15:7,run:4,load:B:13:60,run:6,failover:A:0,run:9,load:A:15:20,run:6";
    private static final String FAULTS =
            "config:0,run:8,load:A:15:3,run:3,load:A:15:40,crash:A:5,run:9,load:B:15:9,hang_up:B,run:4,"
                    + "restart:A,run:9,load:B:15:20,run:1,failover:A:0,request:0,answer:0,request:0,answer:0,crash:A:3,restart:A,run:9,"
                    + "load:A:15:30,storage_crash:7,run:7,crash:B:0,run:9,load:A:15:3,run:2,crash:A:3,restart:A,run:9";

    @TempDir
    private Path dir;

    @Test
    void aRunWithoutFaultsIsAccepted() throws Exception {
        assertThat(accepted(generate("plain", CALM, 0)).actions().keySet())
                .contains("MachineWrite", "ReadOld", "StoreCopy", "RecvPreserved", "Cut", "Commit", "LearnCommitted")
                .contains("StartJoin", "FollowJoin", "Protect", "Learn", "TakeOver", "FinishRollback");
    }

    @Test
    void aRunWithCrashesAndSkewedClocksIsAccepted() throws Exception {
        Set<String> covered = new TreeSet<>();
        covered.addAll(accepted(generate("faults", FAULTS, 0)).actions().keySet());
        covered.addAll(accepted(generate("skewed", FAULTS, 40)).actions().keySet());
        assertThat(covered)
                .contains("Crash", "Restart", "OpenSession", "ColdStart", "RestartRollback", "StorageCrash", "GoAlone");
    }

    @Test
    void everyMutantIsRejected() throws Exception {
        Path good = generate("good", CALM, 0);
        List<TraceFolder> folders = new ArrayList<>();
        folders.add(TraceFolder.read(List.of(good)));
        for (Mutant mutant : MUTANTS) {
            Path mutated = dir.resolve("mutant" + folders.size());
            mutant.apply(good, mutated);
            folders.add(TraceFolder.read(List.of(mutated)));
        }
        List<TraceJudgment> verdicts = new TraceBatch().validate(folders);
        assertThat(verdicts.getFirst().isAccepted()).isTrue();
        List<String> survivors = new ArrayList<>();
        for (int i = 0; i < MUTANTS.size(); i++) {
            if (verdicts.get(i + 1).isAccepted()) {
                survivors.add(MUTANTS.get(i).name);
            }
        }
        assertThat(survivors).as("mutants that live, of " + MUTANTS.size()).isEmpty();
    }

    @Test
    void aRejectionNamesLineFieldAndWhatWasAllowed() throws Exception {
        Path good = generate("line", CALM, 0);
        Path mutated = dir.resolve("mutated");
        Mutant mutant = alter("ColdRead", text -> text.replace("\"role\":\"primary\"", "\"role\":\"restoring\""));
        int line = mutant.apply(good, mutated);
        TraceJudgment verdict = TraceValidation.validate(List.of(mutated));
        assertThat(verdict).isInstanceOfSatisfying(TraceJudgment.Rejected.class, rejected -> {
            assertThat(rejected.line()).isEqualTo(line);
            assertThat(rejected.event()).contains("ColdRead");
            assertThat(rejected.why()).contains("role is restoring, the specification has primary");
            assertThat(rejected.details()).anyMatch(detail -> detail.startsWith("before, enabled"));
        });
    }

    @Test
    void whatIsNoTraceIsAnError() throws Exception {
        Path empty = Files.createDirectories(dir.resolve("empty"));
        assertThatThrownBy(() -> TraceValidation.validate(List.of(empty)))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("no traces");
        Files.writeString(empty.resolve("A-1.ndjson"), "garbage\n");
        assertThatThrownBy(() -> TraceValidation.validate(List.of(empty)))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("line 1 is not JSON");
    }

    private static final List<Mutant> MUTANTS = List.of(
            drop("MachineWrite"),
            drop("SendWrite"),
            drop("StoreCopy"),
            drop("RecvPreserved"),
            drop("Cut"),
            drop("Commit"),
            drop("Record"),
            drop("Apply"),
            twice("MachineWrite"),
            twice("Apply"),
            twice("Commit"),
            swapWithNext("MachineWrite"),
            alter("Apply", text -> text.replaceFirst("\"values\":\\[\\d+", "\"values\":[77")),
            alter("StoreCopy", text -> text.replaceFirst("\"values\":\\[\\d+", "\"values\":[77")),
            alter("StoreCopy", text -> text.replaceFirst("\"epoch\":(\\d+)", "\"epoch\":9$1")),
            alter("RecvPreserved", text -> text.replaceFirst("\"term\":", "\"term\":1")),
            alter("SendWrite", text -> text.replaceFirst("\"extent\":\\[(\\d),\\d", "\"extent\":[$1,9")),
            alter("Cut", text -> text.replaceFirst("\"dirty\":0", "\"dirty\":1")));

    /** A change of one line of one trace. */
    private record Mutant(String name, String action, UnaryOperator<List<String>> edit) {
        /** Copies the traces and changes the first that has the action; returns the line. */
        int apply(Path from, Path to) throws IOException {
            Files.createDirectories(to);
            int changed = 0;
            List<Path> files;
            try (var found = Files.list(from)) {
                files = found.sorted().toList();
            }
            for (Path file : files) {
                List<String> lines = new ArrayList<>(Files.readAllLines(file));
                int at = changed > 0 ? -1 : indexOf(lines);
                if (at >= 0) {
                    List<String> replaced = edit.apply(List.copyOf(lines.subList(at, Math.min(at + 2, lines.size()))));
                    lines.remove(at);
                    if (at < lines.size()) {
                        lines.remove(at);
                    }
                    lines.addAll(at, replaced);
                    changed = at + 1;
                }
                Files.write(to.resolve(file.getFileName()), renumbered(lines));
            }
            assertThat(changed).as("nothing to change for " + name).isPositive();
            return changed;
        }

        private int indexOf(List<String> lines) {
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).contains("\"action\":\"" + action + "\"")) {
                    return i;
                }
            }
            return -1;
        }

        /** So that the numbers do not give the change away. */
        private static List<String> renumbered(List<String> lines) {
            List<String> result = new ArrayList<>();
            for (String line : lines) {
                result.add(line.replaceFirst("\"seq\":\\d+", "\"seq\":" + result.size()));
            }
            return result;
        }
    }

    private static Mutant drop(String action) {
        return new Mutant("drop " + action, action, lines -> lines.subList(1, lines.size()));
    }

    private static Mutant twice(String action) {
        return new Mutant("twice " + action, action, lines -> {
            List<String> doubled = new ArrayList<>(lines);
            doubled.addFirst(lines.getFirst());
            return doubled;
        });
    }

    private static Mutant swapWithNext(String action) {
        return new Mutant("swap " + action, action, List::reversed);
    }

    private static Mutant alter(String action, UnaryOperator<String> change) {
        return new Mutant("alter " + action, action, lines -> {
            List<String> altered = new ArrayList<>(lines);
            String text = change.apply(lines.getFirst());
            assertThat(text).isNotEqualTo(lines.getFirst());
            altered.set(0, text);
            return altered;
        });
    }

    private Path generate(String name, String moves, long skew) throws IOException {
        Path folder = Files.createDirectories(dir.resolve(name));
        Run.of(Move.parse(moves), Tracing.into(folder, skew));
        return folder;
    }

    private static TraceJudgment.Accepted accepted(Path folder) throws Exception {
        TraceJudgment verdict = TraceValidation.validate(List.of(folder));
        assertThat(verdict).isInstanceOf(TraceJudgment.Accepted.class);
        return (TraceJudgment.Accepted) verdict;
    }
}
