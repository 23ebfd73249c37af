package dev.unwrite.spec.model;

import dev.unwrite.spec.tlc.TlcResult;

/**
 * What a model came to, held against what was expected.
 *
 * @param model the model
 * @param passed whether it came out as expected and pinned
 * @param message one line for a person
 * @param result what TLC found
 */
public record ModelOutcome(Model model, boolean passed, String message, TlcResult result) {
    /** The numbers to pin, if what came out is what was expected but for the numbers. */
    public Pin pin() {
        double seconds = result.time().toMillis() / 1000.0;
        return model.mustHold()
                ? new Pin(result.distinct(), result.depth(), seconds)
                : new Pin(0, result.steps(), seconds);
    }
}
