package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A layer that is one program, run with the mutated classes. */
record MainLayer(String name, List<String> sources, Duration limit, String main, List<String> arguments)
        implements Layer {
    @Override
    public String settings() {
        return main + " " + String.join(" ", arguments);
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        return workspace.mutated().run(name, limit, List.of("-Djava.io.tmpdir=" + workspace.folder()), main, arguments);
    }
}
