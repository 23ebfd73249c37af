package dev.unwrite.spec.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.value.TlaValue.Bool;
import dev.unwrite.spec.value.TlaValue.Fcn;
import dev.unwrite.spec.value.TlaValue.Int;
import dev.unwrite.spec.value.TlaValue.ModelValue;
import dev.unwrite.spec.value.TlaValue.Raw;
import dev.unwrite.spec.value.TlaValue.Seq;
import dev.unwrite.spec.value.TlaValue.SetOf;
import dev.unwrite.spec.value.TlaValue.Str;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlaParserTest {
    @Test
    void readsAtoms() {
        assertThat(TlaParser.value("42")).isEqualTo(new Int(42));
        assertThat(TlaParser.value("-7")).isEqualTo(new Int(-7));
        assertThat(TlaParser.value("TRUE")).isEqualTo(new Bool(true));
        assertThat(TlaParser.value("\"a \\\"b\\\"\"")).isEqualTo(new Str("a \"b\""));
        assertThat(TlaParser.value("b1")).isEqualTo(new ModelValue("b1"));
    }

    @Test
    void readsFunctionsOfEveryShape() {
        Fcn byModelValue = new Fcn(Map.of(new ModelValue("A"), new Int(1), new ModelValue("B"), new Int(2)));
        assertThat(TlaParser.value("(A :> 1 @@ B :> 2)")).isEqualTo(byModelValue);
        Fcn byString = new Fcn(Map.of(new Str("A"), new Int(1)));
        assertThat(TlaParser.value("[A |-> 1]")).isEqualTo(byString);
        assertThat(TlaParser.value("(\"A\" :> 1)")).isEqualTo(byString);
        assertThat(byString.field("A")).contains(new Int(1));
        assertThat(byModelValue.field("B")).contains(new Int(2));
    }

    @Test
    void readsAnIntervalAsItsElements() {
        assertThat(TlaParser.value("1..3")).isEqualTo(new SetOf(List.of(new Int(1), new Int(2), new Int(3))));
        assertThat(TlaParser.value("1..99999999")).isEqualTo(new Raw("1..99999999"));
    }

    @Test
    void readsAStateWithValuesOverSeveralLines() {
        Map<String, TlaValue> state = TlaParser.state("""
                /\\ x = [A |-> 1]
                /\\ log = << [host |-> "A", n |-> 0],
                   [host |-> "B",
                    n |-> 1] >>
                /\\ empty = {}
                """);
        assertThat(state.keySet()).containsExactly("x", "log", "empty");
        assertThat(state.get("log")).hasToString("<<[host |-> \"A\", n |-> 0], [host |-> \"B\", n |-> 1]>>");
        assertThat(state.get("empty")).isEqualTo(new SetOf(List.of()));
    }

    @Test
    void readsAStateOfOneVariable() {
        assertThat(TlaParser.state("n = <<>>\n")).isEqualTo(Map.of("n", new Seq(List.of())));
    }

    @Test
    void keepsWhatItDoesNotKnowAsText() {
        assertThat(TlaParser.value("[S -> {1,\n 2}]")).isEqualTo(new Raw("[S -> {1, 2}]"));
        assertThat(TlaParser.value("<<1, ")).isEqualTo(new Raw("<<1,"));
        assertThat(TlaParser.value("{".repeat(100_000))).isInstanceOf(Raw.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[a |-> <<1, {TRUE, x}>>, b |-> \"s\"]",
                "(b1 :> {} @@ b2 :> <<>>)",
                "{<<1, 2>>, <<2, 1>>}",
                "(1 :> \"a\" @@ 3 :> \"b\")"
            })
    void printsWhatItRead(String text) {
        assertThat(TlaParser.value(text)).hasToString(text);
    }
}
