package dev.unwrite.spec.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A checker that cannot fail must be noticed: the models of the module SelfTest, right and wrong. */
class ModelCheckIT {
    private static final Models MODELS = Models.bundled();

    static Stream<Model> selfTests() {
        return MODELS.all().stream().filter(model -> model.module().equals("SelfTest"));
    }

    @ParameterizedTest
    @MethodSource("selfTests")
    void everyKindOfCheckCanFail(Model model) throws Exception {
        ModelOutcome outcome = check(model, Pins.bundled());
        assertThat(outcome.passed()).as(outcome.message()).isTrue();
    }

    @Test
    void aModelThatShrankOrGrewIsNoticed() throws Exception {
        Model model = MODELS.find("selftest").orElseThrow();
        assertThat(check(model, pins(model, 16, 6)).message())
                .isEqualTo("the model shrank: 15 distinct states instead of 16; if intended, update with"
                        + " `unwrite check --pin selftest`");
        assertThat(check(model, pins(model, 14, 6)).message()).startsWith("the model grew: 15");
        assertThat(check(model, pins(model, 15, 7)).message()).startsWith("the model's depth is 6 instead of 7");
        ModelOutcome unpinned =
                check(model, Pins.read(new ByteArrayInputStream("{}".getBytes(StandardCharsets.UTF_8))));
        assertThat(unpinned.passed()).isFalse();
        assertThat(unpinned.message()).contains("not pinned yet");
    }

    @Test
    void aCounterexampleOfAnotherLengthIsNoticed() throws Exception {
        Model model = MODELS.find("selftest-invariant").orElseThrow();
        ModelOutcome outcome = check(model, pins(model, 0, 3));
        assertThat(outcome.passed()).isFalse();
        assertThat(outcome.message()).startsWith("broke Bounded in 2 steps instead of 3");
    }

    @Test
    void modelsRunTogetherAndAnswerInTheirOrder() throws Exception {
        List<Model> models = selfTests().limit(3).toList();
        List<ModelOutcome> outcomes = new CheckRunner(
                        new ModelCheck(MODELS.files(), Pins.bundled(), Duration.ofMinutes(2)), Pins.bundled(), 2)
                .run(models, new CheckRunner.Listener() {});
        assertThat(outcomes).extracting(ModelOutcome::model).isEqualTo(models);
        assertThat(outcomes).allMatch(ModelOutcome::passed);
    }

    private static ModelOutcome check(Model model, Pins pins) throws Exception {
        return new ModelCheck(MODELS.files(), pins, Duration.ofMinutes(2)).check(model, progress -> {});
    }

    private static Pins pins(Model model, long states, int depth) {
        return Pins.bundled().with(java.util.Map.of(model.name(), new Pin(states, depth, 1)));
    }
}
