package dev.unwrite.spec.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcVerdict;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComplaintTest {
    private static final Models MODELS = Models.bundled();
    private static final Model HOLDS = MODELS.find("selftest").orElseThrow();
    private static final Model FAILS = MODELS.find("selftest-invariant").orElseThrow();

    @ParameterizedTest
    @EnumSource(value = TlcVerdict.class, mode = EnumSource.Mode.EXCLUDE, names = "HOLDS")
    void whatMustHoldPassesOnlyIfItHolds(TlcVerdict verdict) {
        assertThat(ModelCheck.complaint(HOLDS, result(verdict, null))).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(TlcVerdict.class)
    void whatMustFailPassesOnlyIfTheNamedPropertyBroke(TlcVerdict verdict) {
        assertThat(ModelCheck.complaint(FAILS, result(verdict, null))).isNotEmpty();
        assertThat(ModelCheck.complaint(FAILS, result(verdict, "Other"))).isNotEmpty();
        assertThat(ModelCheck.complaint(FAILS, result(verdict, "Bounded")).isEmpty())
                .isEqualTo(verdict.isViolation());
    }

    @Test
    void holdingIsFineWhereItIsExpected() {
        assertThat(ModelCheck.complaint(HOLDS, result(TlcVerdict.HOLDS, null))).isEmpty();
    }

    private static TlcResult result(TlcVerdict verdict, @Nullable String violated) {
        return new TlcResult(verdict, "why", 0, 1, 1, 1, violated, List.of(), List.of(), List.of(), Duration.ZERO);
    }
}
