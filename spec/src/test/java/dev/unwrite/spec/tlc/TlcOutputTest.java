package dev.unwrite.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TlcOutputTest {
    private static final String SUCCESS = """
            @!@!@STARTMSG 2193:0 @!@!@
            Model checking completed. No error has been found.
            @!@!@ENDMSG 2193 @!@!@
            """;
    private static final String STATS = """
            @!@!@STARTMSG 2199:0 @!@!@
            1,014 states generated, 815 distinct states found, 0 states left on queue.
            @!@!@ENDMSG 2199 @!@!@
            @!@!@STARTMSG 2194:0 @!@!@
            The depth of the complete state graph search is 40.
            @!@!@ENDMSG 2194 @!@!@
            """;

    @Test
    void zeroWithTheMessageHolds() {
        TlcResult result = result(0, STATS + SUCCESS);
        assertThat(result.verdict()).isEqualTo(TlcVerdict.HOLDS);
        assertThat(result.generated()).isEqualTo(1014);
        assertThat(result.distinct()).isEqualTo(815);
        assertThat(result.depth()).isEqualTo(40);
    }

    @Test
    void zeroAloneIsNotEnough() {
        assertThat(result(0, STATS).verdict()).isEqualTo(TlcVerdict.BROKEN);
        assertThat(result(0, SUCCESS).verdict()).isEqualTo(TlcVerdict.BROKEN);
        assertThat(result(0, "").verdict()).isEqualTo(TlcVerdict.BROKEN);
    }

    @Test
    void zeroAfterAnErrorIsNotEnough() {
        String error = "@!@!@STARTMSG 1000:1 @!@!@\nsomething\n@!@!@ENDMSG 1000 @!@!@\n";
        assertThat(result(0, error + STATS + SUCCESS).verdict()).isEqualTo(TlcVerdict.BROKEN);
    }

    @Test
    void anExitCodeOfAViolationCountsOnlyWithItsMessage() {
        for (int exit : List.of(11, 12, 13)) {
            assertThat(result(exit, STATS + SUCCESS).verdict()).isEqualTo(TlcVerdict.BROKEN);
        }
        String violated = "@!@!@STARTMSG 2110:1 @!@!@\nInvariant Inv is violated.\n@!@!@ENDMSG 2110 @!@!@\n";
        assertThat(result(12, violated).verdict()).isEqualTo(TlcVerdict.INVARIANT);
        assertThat(result(12, violated).violated()).isEqualTo("Inv");
        assertThat(result(13, violated).verdict()).isEqualTo(TlcVerdict.BROKEN);
    }

    @Test
    void exitCodesThatNobodyKnowsAreBroken() {
        for (int exit : List.of(1, 137, 143, 152, 153, 255)) {
            TlcResult result = result(exit, STATS + SUCCESS);
            assertThat(result.verdict()).isEqualTo(TlcVerdict.BROKEN);
            assertThat(result.why()).contains(Integer.toString(exit));
        }
    }

    @Test
    void readsProgressAndMessagesInsideMessages() {
        List<TlcProgress> seen = new ArrayList<>();
        TlcOutput output = new TlcOutput(seen::add);
        """
        @!@!@STARTMSG 2200:0 @!@!@
        Progress(12) at 2026-11-22 10:08:20: 1,400 states generated (973 s/min), 800 distinct states found (556 ds/min), 3 states left on queue.
        @!@!@ENDMSG 2200 @!@!@
        @!@!@STARTMSG 2102:1 @!@!@
        @!@!@STARTMSG 2154:0 @!@!@
        inner
        @!@!@ENDMSG 2154 @!@!@
        outer
        @!@!@ENDMSG 2102 @!@!@
        @!@!@ENDMSG 7 @!@!@
        """.lines().forEach(output::line);
        assertThat(seen).containsExactly(new TlcProgress(12, 1400, 800, 3));
        assertThat(output.result(75, null, false, Duration.ZERO).errors()).containsExactly("inner\nouter");
    }

    @Test
    void readsALassoAndParametersOfLaterVersions() {
        TlcResult result = result(13, """
                @!@!@STARTMSG 2116:1 @!@!@
                Temporal properties were violated.
                @!@!@ENDMSG 2116 @!@!@
                @!@!@STARTMSG 2217:4 @!@!@
                1: <Initial predicate>
                n = 0

                @!@!@ENDMSG 2217 @!@!@
                @!@!@STARTMSG 2217:4 @!@!@
                2: <Inc("A", 1) line 7, col 11 to line 9, col 100 of module Toy>
                n = 1

                @!@!@ENDMSG 2217 @!@!@
                @!@!@STARTMSG 2122:4 @!@!@
                1: Back to state: <Inc line 7, col 11 to line 9, col 100 of module Toy>
                @!@!@ENDMSG 2122 @!@!@
                """);
        assertThat(result.trace())
                .extracting(TraceStep::action)
                .containsExactly(TraceStep.INITIAL, "Inc", TraceStep.BACK);
        assertThat(result.trace().get(1).parameters()).isEqualTo("\"A\", 1");
        assertThat(result.trace().get(2).location()).isEqualTo("1");
        assertThat(result.steps()).isEqualTo(1);
        assertThat(result.violated()).isNull();
    }

    private static TlcResult result(int exit, String text) {
        TlcOutput output = new TlcOutput(progress -> {});
        text.lines().forEach(output::line);
        return output.result(exit, null, false, Duration.ZERO);
    }
}
