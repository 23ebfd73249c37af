package dev.unwrite.conformance.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Only an end with 1 and a word of what was caught counts as caught. */
class ChildJvmTest {
    @Test
    void onlyACaughtLineWithExitCodeOneCounts() {
        assertThat(ChildJvm.judge(0, List.of("fine"), 5)).isEqualTo(new Finding(Verdict.MISSED, "", 5));
        assertThat(ChildJvm.judge(1, List.of("caught: first", "caught: Consistent", "more"), 5))
                .isEqualTo(new Finding(Verdict.CAUGHT, "Consistent", 5));
        assertThat(ChildJvm.judge(1, List.of("Exception in thread main"), 5).verdict())
                .isEqualTo(Verdict.BROKEN);
        assertThat(ChildJvm.judge(0, List.of("caught: x"), 5).verdict()).isEqualTo(Verdict.BROKEN);
        assertThat(ChildJvm.judge(137, List.of("caught: x"), 5).verdict()).isEqualTo(Verdict.BROKEN);
    }
}
