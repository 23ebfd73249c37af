package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.spec.model.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of mutants fits the code as it is now. */
class MutantsTest {
    private final List<Mutant> mutants = Mutants.all();

    @Test
    void everyRuleHasAMutantAndThereAreSlips() {
        Set<String> rules = mutants.stream()
                .filter(Mutant::isRule)
                .map(Mutant::rule)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(rules).isEqualTo(new TreeSet<>(Models.bundled().rules())).hasSizeGreaterThan(10);
        assertThat(mutants).filteredOn(mutant -> !mutant.isRule()).hasSizeGreaterThanOrEqualTo(15);
        assertThat(mutants).extracting(Mutant::name).doesNotHaveDuplicates().doesNotContain(Mutant.CANARY.name());
    }

    @Test
    void everyPatchAppliesOnceAndCompiles(@TempDir Path dir) throws Exception {
        MutantCompiler compiler = new MutantCompiler(Workspace.findRoot(), Workspace.realClasspath());
        for (Mutant mutant :
                Stream.concat(mutants.stream(), Mutants.inHost().stream()).toList()) {
            Path classes = compiler.compile(mutant, dir.resolve(mutant.name()));
            try (var files = Files.walk(classes)) {
                assertThat(files.filter(Files::isRegularFile)).as(mutant.name()).isNotEmpty();
            }
        }
    }

    @Test
    void aPatchThatDriftedIsNoticed() {
        Mutant.Hunk hunk = new Mutant.Hunk("X.java", "a < b", "a <= b");
        assertThat(hunk.apply("if (a < b) {")).isEqualTo("if (a <= b) {");
        assertThatThrownBy(() -> hunk.apply("if (b > a) {")).hasMessageContaining("does not hold");
        assertThatThrownBy(() -> hunk.apply("a < b && a < b")).hasMessageContaining("twice");
    }

    @Test
    void aListThatIsNotUnderstoodIsAnError() {
        assertThatThrownBy(() -> Mutants.parse("mutant x\nrule slip\nwrong it is.\nfile X.java\n-only before"))
                .hasMessageContaining("only one side");
        assertThatThrownBy(() -> Mutants.parse("mutant x\nrule slip\n")).hasMessageContaining("lacks");
        assertThatThrownBy(() -> Mutants.parse("mutation x")).hasMessageContaining("line 1");
    }

    @Test
    void theTestsOfLayerUnitExist() throws Exception {
        Path sources = Workspace.findRoot().resolve("impl/src/test/java/dev/unwrite");
        for (String test : UnitMain.TESTS) {
            assertThat(sources.resolve(test.replace('.', '/') + ".java")).exists();
        }
    }
}
