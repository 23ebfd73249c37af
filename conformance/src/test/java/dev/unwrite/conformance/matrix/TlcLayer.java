package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The specification without the rule must break: TLC finds a run that does. Says nothing of slips. */
final class TlcLayer implements Layer {
    private static final Duration LIMIT = Duration.ofMinutes(10);

    @Override
    public String name() {
        return "TLC";
    }

    @Override
    public List<String> sources() {
        return List.of("spec/src/main");
    }

    @Override
    public boolean appliesTo(Mutant mutant) {
        return mutant.isRule();
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        return workspace.real().run(name(), LIMIT, List.of(), TlcMain.class.getName(), List.of(mutant.rule()));
    }
}
