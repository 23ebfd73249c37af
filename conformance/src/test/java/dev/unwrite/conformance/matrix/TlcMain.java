package dev.unwrite.conformance.matrix;

import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.ModelCheck;
import dev.unwrite.spec.model.Models;
import dev.unwrite.spec.tlc.TlcResult;
import java.time.Duration;

/** Layer {@code TLC}, in a JVM of its own: the must-fail model of the rule that is the argument. */
final class TlcMain {
    private TlcMain() {}

    static void main(String[] args) throws Exception {
        Models models = Models.bundled();
        Model model = models.find("without-" + args[0]).orElseThrow();
        TlcResult result = new ModelCheck(models.files(), null, Duration.ofMinutes(10)).run(model, progress -> {});
        if (!ModelCheck.complaint(model, result).isEmpty()) {
            System.out.println(ModelCheck.complaint(model, result));
            System.exit(3);
        }
        System.out.println(ChildJvm.CAUGHT + " model " + model.name() + " breaks " + result.violated() + " in "
                + result.steps() + (result.steps() == 1 ? " step" : " steps"));
        System.exit(1);
    }
}
