package dev.unwrite.spec.model;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.tlc.TlcJob;
import dev.unwrite.spec.tlc.TlcProgress;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcRun;
import dev.unwrite.spec.tlc.TlcVerdict;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs one model and judges what comes out. */
public final class ModelCheck {
    private final SpecFiles files;
    private final @Nullable Pins pins;
    private final Duration limit;

    /**
     * Models of modules in {@code files}, held against {@code pins}; no run may take longer than {@code limit}.
     *
     * @param pins null if any numbers are welcome, for example because they are about to be pinned
     */
    public ModelCheck(SpecFiles files, @Nullable Pins pins, Duration limit) {
        this.files = files;
        this.pins = pins;
        this.limit = limit;
    }

    /** Runs the model and judges the result. */
    public ModelOutcome check(Model model, Consumer<TlcProgress> listener) throws IOException, InterruptedException {
        TlcResult result = run(model, listener);
        String complaint = complaint(model, result);
        if (complaint.isEmpty()) {
            complaint = numbersComplaint(model, result);
        }
        return new ModelOutcome(
                model, complaint.isEmpty(), complaint.isEmpty() ? praise(model, result) : complaint, result);
    }

    /** Runs the model; a violated property that TLC does not name is found out by asking for one after the other. */
    public TlcResult run(Model model, Consumer<TlcProgress> listener) throws IOException, InterruptedException {
        TlcResult result = TlcRun.run(job(model), listener);
        String named = result.violated();
        if (result.verdict() != TlcVerdict.PROPERTY
                || (named != null && model.properties().contains(named))) {
            return result;
        }
        if (model.properties().size() == 1) {
            return result.withViolated(model.properties().getFirst());
        }
        for (String property : model.properties()) {
            if (TlcRun.run(job(model.onlyProperty(property)), listener).verdict() == TlcVerdict.PROPERTY) {
                return result.withViolated(property);
            }
        }
        return result;
    }

    private TlcJob job(Model model) {
        return TlcJob.of(model.module(), files, model.config())
                .withWorkers(model.workers())
                .withHeap(model.heap())
                .withDeadlockCheck(model.deadlock())
                .withSimulation(model.simulation())
                .withLimit(limit);
    }

    /** What is wrong with the verdict; empty if it is the expected one. */
    public static String complaint(Model model, TlcResult result) {
        if (model.mustHold()) {
            return result.verdict() == TlcVerdict.HOLDS ? "" : result.why();
        }
        String expected = String.join(" or ", model.fails());
        if (result.verdict() == TlcVerdict.HOLDS) {
            return "should break " + expected + ", but nothing broke";
        }
        if (!result.verdict().isViolation()) {
            return result.why();
        }
        String violated = Optional.ofNullable(result.violated()).orElse("something that TLC does not name");
        return model.fails().contains(violated) ? "" : "should break " + expected + ", but broke " + violated;
    }

    private String numbersComplaint(Model model, TlcResult result) {
        if (pins == null || model.simulation() != null) {
            return ""; // Random behaviours have no numbers of their own.
        }
        Optional<Pin> pinned = pins.of(model);
        String remedy = "`unwrite check --pin " + model.name() + "`";
        if (pinned.isEmpty()) {
            return "its numbers are not pinned yet; pin them with " + remedy;
        }
        Pin pin = pinned.get();
        if (!model.mustHold()) {
            return result.steps() == pin.depth()
                    ? ""
                    : "broke " + result.violated() + " in " + steps(result.steps()) + " instead of " + pin.depth()
                            + "; if intended, update with " + remedy;
        }
        if (result.distinct() != pin.states()) {
            return "the model " + (result.distinct() < pin.states() ? "shrank" : "grew") + ": "
                    + number(result.distinct()) + " distinct states instead of " + number(pin.states())
                    + "; if intended, update with " + remedy;
        }
        // With several workers the depth that TLC reports may be off by a few.
        return model.workers() > 1 || result.depth() == pin.depth()
                ? ""
                : "the model's depth is " + result.depth() + " instead of " + pin.depth()
                        + "; if intended, update with " + remedy;
    }

    private static String praise(Model model, TlcResult result) {
        if (!model.mustHold()) {
            return "breaks " + result.violated() + " in " + steps(result.steps()) + ", as it must";
        }
        return model.simulation() != null
                ? "holds: " + number(result.generated()) + " states of random behaviours"
                : "holds: " + number(result.distinct()) + " states, depth " + result.depth();
    }

    private static String steps(int count) {
        return count + (count == 1 ? " step" : " steps");
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
