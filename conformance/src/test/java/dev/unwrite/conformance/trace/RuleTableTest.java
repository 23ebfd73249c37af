package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.tlc.SpecFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table "Rules" in spec/README.md names rules, actions, types and tests that exist. */
class RuleTableTest {
    private static final int COLUMNS = 7;

    private static final Path ROOT =
            Path.of("").toAbsolutePath().getFileName().toString().equals("conformance") ? Path.of("..") : Path.of("");

    @Test
    void everyRuleHasARow() throws IOException {
        String text = SpecFiles.bundled().module("Unwrite").orElseThrow();
        String rules = text.substring(text.indexOf("Rules == {"), text.indexOf("ASSUME Off"));
        Set<String> wanted = new TreeSet<>();
        Matcher names = Pattern.compile("\"(\\w+)\"").matcher(rules);
        while (names.find()) {
            wanted.add(names.group(1));
        }
        Set<String> found = rows().stream().map(List::getFirst).collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).isEqualTo(wanted).hasSizeGreaterThan(10);
    }

    @Test
    void whatARowNamesExists() throws IOException {
        String text = SpecFiles.bundled().module("Unwrite").orElseThrow();
        Set<String> tests;
        try (Stream<Path> files = Files.walk(ROOT)) {
            tests = files.filter(file -> file.toString().contains("src/test/java"))
                    .map(file -> file.getFileName().toString())
                    .collect(Collectors.toSet());
        }
        for (List<String> row : rows()) {
            for (String action : row.get(3).split(", ")) {
                assertThat(text).contains("\n" + action + "(");
            }
            assertThat(ROOT.resolve("impl/src/main/java/" + row.get(4).replace('.', '/') + ".java"))
                    .exists();
            assertThat(tests).contains(row.get(5) + ".java");
        }
    }

    private static List<List<String>> rows() throws IOException {
        String readme = Files.readString(ROOT.resolve("spec/README.md"));
        String section = readme.substring(readme.indexOf("## Rules\n"));
        List<List<String>> rows = new ArrayList<>();
        for (String line : section.lines().skip(1).toList()) {
            if (line.startsWith("## ")) {
                break;
            }
            if (line.startsWith("| ") && !line.startsWith("| rule ")) {
                String[] cells = line.replace("`", "").substring(1).split("\\|");
                assertThat(cells).as(line).hasSize(COLUMNS);
                rows.add(Stream.of(cells).map(String::strip).toList());
            }
        }
        return rows;
    }
}
