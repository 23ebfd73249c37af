package dev.unwrite.spec.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.story.Words;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules, properties and actions of the specification, its models and its words are the same ones. */
class RulesTest {
    private static final Models MODELS = Models.bundled();
    private static final Pattern NAME = Pattern.compile("[A-Z][A-Za-z]+");

    @Test
    void everyRuleHasAModelThatMustFailWithoutIt() {
        Set<String> rules = names(between("Unwrite", "Rules == {", "}"));
        assertThat(rules).hasSize(23);
        assertThat(MODELS.rules()).isEqualTo(rules);
        assertThat(Words.bundled().rules().keySet()).isEqualTo(rules);
        assertThat(rules)
                .allSatisfy(rule -> assertThat(MODELS.without(rule))
                        .isNotEmpty()
                        .allSatisfy(model -> assertThat(model.size()).isEqualTo(Model.Size.MUSTFAIL)));
    }

    @Test
    void aModelThatMustFailAsksForWhatMustBreak() {
        assertThat(MODELS.all().stream()
                        .filter(model -> !model.mustHold() && !model.fails().contains("Deadlock")))
                .isNotEmpty()
                .allSatisfy(model ->
                        assertThat(asked(model).toList()).as(model.name()).containsAll(model.fails()));
    }

    @Test
    void everyActionAndPropertyHasWords() {
        Set<String> actions = names(between("MCUnwrite", "\nNext ==", "\nSpec ==")).stream()
                .filter(name -> name.startsWith("MC"))
                .map(name -> name.substring("MC".length()))
                .collect(Collectors.toSet());
        assertThat(actions).hasSizeGreaterThan(30);
        assertThat(Words.bundled().actions()).containsKeys(actions.toArray(String[]::new));
        assertThat(MODELS.all().stream()
                        .filter(model -> model.module().equals("MCUnwrite"))
                        .flatMap(RulesTest::asked)
                        .collect(Collectors.toSet()))
                .isSubsetOf(Words.bundled().properties().keySet());
    }

    @Test
    void everyPropertyHasAModelInWhichItMustHold() {
        assertThat(MODELS.usual().stream()
                        .filter(model -> model.module().equals("MCUnwrite") && model.mustHold())
                        .flatMap(RulesTest::asked))
                .contains("Recoverable", "Consistent", "OneOwner", "NoOutputLost", "CheckpointedMachine")
                .contains("WriteEnds", "FailoverEnds", "JoinEnds");
    }

    @Test
    void theTableOfRulesInTheReadmeIsTrue() throws Exception {
        List<String> rows = MODELS.rules().stream()
                .flatMap(rule -> MODELS.without(rule).stream()
                        .filter(model -> model.name().equals("without-" + rule))
                        .map(model -> "| " + rule + " | " + String.join(" or ", model.fails()) + " | "
                                + Pins.bundled().of(model).orElseThrow().depth() + " |"))
                .toList();
        assertThat(rows).hasSize(23);
        Pattern firstThreeCells = Pattern.compile("^(\\|[^|]*){3}\\|");
        assertThat(Files.readAllLines(Path.of("README.md")).stream()
                        .map(firstThreeCells::matcher)
                        .filter(Matcher::find)
                        .map(Matcher::group))
                .containsAll(rows);
    }

    private static Stream<String> asked(Model model) {
        return Stream.concat(model.invariants().stream(), model.properties().stream());
    }

    private static Set<String> names(String text) {
        Matcher matcher = NAME.matcher(text);
        Set<String> names = new TreeSet<>();
        while (matcher.find()) {
            names.add(matcher.group());
        }
        return names;
    }

    private static String between(String module, String start, String end) {
        String text = MODELS.files().module(module).orElseThrow();
        int from = text.indexOf(start);
        assertThat(from).as("%s in %s", start, module).isNotNegative();
        return text.substring(from + start.length(), text.indexOf(end, from + start.length()));
    }
}
