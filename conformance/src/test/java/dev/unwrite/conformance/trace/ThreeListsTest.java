package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Action;
import dev.unwrite.spec.tlc.SpecFiles;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One spelling: an action of the specification is a record of the protocol is an event of a trace. */
class ThreeListsTest {
    /** First halves: they change no variable of the specification. */
    private static final Set<String> FIRST_HALVES =
            Set.of("Propose", "AskFlush", "AskCommit", "CommitFailed", "NotAgreed");
    /** What the storage does, and what happens to a process: no step of a host. */
    private static final Set<String> ENVIRONMENT =
            Set.of("Apply", "Destage", "Crash", "StorageCrash", "LoseLog", "Replaced");
    /** What a person does to a storage: the traces of each of its lives are a run of their own. */
    private static final String BETWEEN_RUNS = "BeginAnew";
    /** Steps of the merge that stand for no action of their own. */
    private static final Set<String> OF_THE_MERGE = Set.of("Stutter", "Lose");

    @Test
    void theSpecificationAndTheProtocolHaveTheSameActions() {
        Set<String> expected = new TreeSet<>(records());
        expected.removeAll(FIRST_HALVES);
        expected.addAll(ENVIRONMENT);
        expected.add(BETWEEN_RUNS);
        assertThat(actionsOf("MCUnwrite")).isEqualTo(expected);
    }

    @Test
    void theTraceModuleKnowsEachAction() {
        Set<String> dispatched = names("UnwriteTrace", "E\\.action = \"(\\w+)\" ->");
        Set<String> expected = new TreeSet<>(records());
        expected.removeAll(FIRST_HALVES);
        expected.addAll(ENVIRONMENT);
        expected.addAll(OF_THE_MERGE);
        assertThat(dispatched).isEqualTo(expected);
    }

    private static Set<String> records() {
        return Arrays.stream(Action.class.getDeclaredClasses())
                .filter(Class::isRecord)
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Each definition of the model that takes a step of Unwrite: {@code MCName(...) == ... Name(...)}. */
    private static Set<String> actionsOf(String module) {
        Set<String> found = names(module, "(?m)^MC(\\w+)(?:\\([^)]*\\))? ==");
        found.retainAll(names(module, "\\b(\\w+)\\("));
        return found;
    }

    private static Set<String> names(String module, String pattern) {
        String text = SpecFiles.bundled().module(module).orElseThrow();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        Set<String> found = new TreeSet<>();
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }
}
