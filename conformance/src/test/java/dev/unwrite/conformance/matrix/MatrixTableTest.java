package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table in README.md shows every mutant, and each is caught. */
class MatrixTableTest {
    private static final Matrix SAMPLE = new Matrix(
            List.of("unit", "traces"),
            List.of(
                    new Row(
                            new Mutant("AskFirst", "AskFirst", "It does not ask.", List.of()),
                            Map.of("unit", new Finding(Verdict.CAUGHT, "a | b <c>", 2100))),
                    new Row(
                            new Mutant("late", Mutant.SLIP, "It is late.", List.of()),
                            Map.of(
                                    "unit",
                                    new Finding(Verdict.MISSED, "", 1),
                                    "traces",
                                    new Finding(Verdict.BROKEN, "x", 1)))),
            List.of("More."));

    @Test
    void aTableSaysWhatWasFound() {
        assertThat(MatrixTable.into("before\n" + MatrixTable.BEGIN + "old" + MatrixTable.END + "\nafter", SAMPLE))
                .isEqualTo("before\n" + MatrixTable.BEGIN + "\n"
                        + "| mutant | what is wrong | unit | traces |\n|-|-|-|-|\n"
                        + "| **AskFirst** | It does not ask. | a \\| b &lt;c> (2.1 s) | ? |\n"
                        + "| late | It is late. | passes | broken: x |\n\n"
                        + "More.\n" + MatrixTable.END + "\nafter");
    }

    @Test
    void aRunThatNobodyCanFollowIsNotGood() {
        assertThat(caught("in 20 moves: Recoverable: gone").isGood()).isTrue();
        assertThat(caught("in 21 moves: Recoverable: gone").isGood()).isFalse();
        assertThat(caught("in 21 moves: Recoverable: gone").isLong()).isTrue();
        assertThat(caught("Recoverable: in 21 moves: gone").isLong()).isFalse();
    }

    private static Row caught(String bySimulator) {
        return new Row(
                new Mutant("late", Mutant.SLIP, "It is late.", List.of()),
                Map.of(
                        "unit",
                        new Finding(Verdict.CAUGHT, "a test", 1),
                        "simulator",
                        new Finding(Verdict.CAUGHT, bySimulator, 1)));
    }

    @Test
    void aPageNeedsNothingElse() throws IOException {
        String page = MatrixPage.of(SAMPLE);
        assertThat(page)
                .contains("0 of 2 mutants", "a | b &lt;c&gt;", "not run", "class=\"bad\"")
                .doesNotContain("{{", "http://", "https://", "src=");
    }

    @Test
    void everyMutantHasARowThatAtLeastTwoLayersFill() throws IOException {
        String readme = Files.readString(Workspace.findRoot().resolve("conformance/README.md"));
        Map<String, List<String>> rows = new LinkedHashMap<>();
        MatrixTable.section(readme)
                .lines()
                .filter(line -> line.startsWith("| "))
                .skip(1)
                .forEach(line -> {
                    List<String> cells = Arrays.stream(line.strip().split("(?<!\\\\)\\|"))
                            .map(String::strip)
                            .skip(1)
                            .toList();
                    rows.put(cells.getFirst().replace("*", ""), cells.subList(2, cells.size()));
                });
        assertThat(rows.remove(Mutant.CANARY.name()))
                .as("the canary")
                .isNotEmpty()
                .noneMatch(MatrixTableTest::isCaught);
        assertThat(rows.keySet())
                .containsExactlyElementsOf(
                        Mutants.all().stream().map(Mutant::name).toList());
        for (Mutant mutant : Mutants.all()) {
            List<String> cells = rows.get(mutant.name());
            assertThat(cells).as(mutant.name()).noneMatch(cell -> cell.startsWith("broken"));
            assertThat(cells)
                    .as(mutant.name())
                    .filteredOn(MatrixTableTest::isCaught)
                    .hasSizeGreaterThanOrEqualTo(Matrix.wanted(mutant));
        }
    }

    private static boolean isCaught(String cell) {
        return cell.matches(".+ \\([0-9.]+ s\\)");
    }
}
