package dev.unwrite.spec.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Models;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcVerdict;
import dev.unwrite.spec.tlc.TraceStep;
import dev.unwrite.spec.value.TlaParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StoryTest {
    private static final String START = """
            /\\ role = (A :> "primary" @@ B :> "secondary")
            /\\ mem = (A :> (b1 :> 1) @@ B :> (b1 :> 1))
            /\\ net = {}
            /\\ cache = (b1 :> 1)
            /\\ spent = [writes |-> 0]
            """;

    @Test
    void tellsOnlyWhatChangesInTheColumnWhereItHappens() {
        List<String> lines = new Story(Words.bundled())
                .steps(List.of(
                        step(1, TraceStep.INITIAL, START),
                        step(
                                2,
                                "MachineWrite",
                                START.replace("mem = (A :> (b1 :> 1)", "mem = (A :> (b1 :> 2)")
                                        .replace(
                                                "net = {}",
                                                "net = {[type |-> \"Preserve\", to |-> B, term |-> 1, epoch |-> 2,"
                                                        + " block |-> b1]}")
                                        .replace("0]", "1]"))));
        assertThat(lines)
                .containsExactly(
                        "     A                                     B                                     storage,"
                                + " outside",
                        "  1. The start",
                        "     is primary                            is secondary                          who reads finds"
                                + " (b1 = 1)",
                        "     its machine remembers (b1 = 1)        its machine remembers (b1 = 1)",
                        "  2. MachineWrite(A): the machine writes a block",
                        "     remembers b1 = 2 (was 1)",
                        "     asks B to preserve b1 (term 1, epoch",
                        "       2)",
                        "     In the end",
                        "     is primary                            is secondary                          who reads finds"
                                + " (b1 = 1)",
                        "     its machine remembers (b1 = 2)        its machine remembers (b1 = 1)");
    }

    @Test
    void namesWhatTlcDoesNotNameByWhatItChanges() {
        List<String> lines = new Story(Words.bundled())
                .steps(List.of(
                        step(
                                1,
                                TraceStep.INITIAL,
                                "/\\ role = (A :> \"x\" @@ B :> \"y\")\n/\\ kept = (A :> {} @@ B :> {})"),
                        step(2, "Next", "/\\ role = (A :> \"x\" @@ B :> \"y\")\n/\\ kept = (A :> {b1} @@ B :> {})")));
        assertThat(lines).contains("  2. RecvPreserved(A): the acknowledgment of a copy arrives");
    }

    @Test
    void aSpecificationWithoutHostsIsToldInOneColumn() {
        List<String> lines = new Story(Words.bundled())
                .steps(List.of(
                        step(1, TraceStep.INITIAL, "/\\ n = 0\n/\\ q = <<1>>"),
                        step(2, "Inc", "/\\ n = 1\n/\\ q = <<1, 2>>"),
                        new TraceStep(3, TraceStep.BACK, "", "1", Map.of())));
        assertThat(lines)
                .containsExactly(
                        "  1. The start",
                        "     n 0",
                        "     q <1>",
                        "  2. Inc",
                        "     n: 0 → 1",
                        "     add q: 2",
                        "  3. ... and so on, again and again from step 1");
    }

    @Test
    void endsWithThePropertyAndTheRule() {
        Model model = Models.bundled().find("selftest").orElseThrow().without("AskFirst");
        TlcResult result = new TlcResult(
                TlcVerdict.INVARIANT,
                "why",
                12,
                1,
                1,
                1,
                "Consistent",
                List.of(step(1, TraceStep.INITIAL, "n = 0"), step(2, "Inc", "n = 1")),
                List.of(),
                List.of(),
                Duration.ZERO);
        StringWriter text = new StringWriter();
        new Story(Words.bundled()).print(model, result, new PrintWriter(text));
        assertThat(text.toString())
                .contains(
                        "Consistent broke after 1 step.",
                        "Consistent says: the owner's machine and disk agree whenever no write is in flight.",
                        "The rule AskFirst, switched off here, says: the first overwrite of a block in an epoch");
    }

    @Test
    void everyRuleAndActionHasWords() {
        Words words = Words.bundled();
        assertThat(words.rules()).hasSize(23);
        assertThat(words.unnamed()).allSatisfy(signature -> {
            assertThat(words.actions()).containsKey(signature.action());
            assertThat(words.variables().keySet()).containsAll(signature.must()).containsAll(signature.may());
        });
    }

    private static TraceStep step(int number, String action, String state) {
        return new TraceStep(number, action, "", null, TlaParser.state(state));
    }
}
