package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A layer that is one program, run with the mutated classes.
 *
 * @param reaches the beginnings of the paths of the sources that it runs; it says nothing of mutants elsewhere
 */
record MainLayer(
        String name, List<String> sources, List<String> reaches, Duration limit, String main, List<String> arguments)
        implements Layer {
    @Override
    public boolean appliesTo(Mutant mutant) {
        return mutant.equals(Mutant.CANARY)
                || mutant.hunks().stream().anyMatch(hunk -> reaches.stream().anyMatch(hunk.file()::startsWith));
    }

    @Override
    public String settings() {
        return main + " " + String.join(" ", arguments);
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        return workspace.mutated().run(name, limit, List.of("-Djava.io.tmpdir=" + workspace.folder()), main, arguments);
    }
}
