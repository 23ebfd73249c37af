package dev.unwrite.spec.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.value.TlaParser;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DifferTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1; 1; ''",
                "1; 2; x SET 1 2",
                "{1, 2}; {2, 3}; x REMOVE 1 1,x ADD 3 3",
                "<<1, 2>>; <<2, 3>>; x REMOVE 1 1,x ADD 3 3",
                "<<1>>; <<1, 1>>; x ADD 1 1",
                "<<1, 2>>; <<1, 3>>; x.2 SET 2 3",
                "<<1, 2>>; <<3>>; x SET <<1, 2>> <<3>>",
                "<<1>>; <<2>>; x.1 SET 1 2",
                "<<1>>; <<>>; x REMOVE 1 1",
                "(a :> [n |-> 1] @@ b :> [n |-> 1]); (a :> [n |-> 1] @@ b :> [n |-> 2]); x.b.n SET 1 2",
                "[n |-> 1]; None; x SET [n |-> 1] None"
            })
    void findsWhatDiffers(String before, String after, String expected) {
        List<String> changes = Differ.diff(TlaParser.state("x = " + before), TlaParser.state("x = " + after)).stream()
                .map(DifferTest::text)
                .toList();
        assertThat(String.join(",", changes)).isEqualTo(expected);
    }

    private static String text(Change change) {
        StringBuilder text = new StringBuilder(change.variable());
        change.path().forEach(key -> text.append('.').append(key.plain()));
        return text.append(' ').append(change.kind()) + " " + change.before() + " " + change.after();
    }
}
