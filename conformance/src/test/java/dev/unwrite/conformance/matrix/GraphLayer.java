package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Every edge of the specification's state graph, replayed with the mutated protocol. TLC makes the graphs once. */
final class GraphLayer implements Layer {
    private static final String MAIN = "dev.unwrite.conformance.graph.GraphReplay";
    private static final String SPEC = "spec/src/main";
    /** The first run makes the graphs. */
    private static final Duration LIMIT = Duration.ofMinutes(15);

    /** Whether this build has it. */
    static boolean isThere() {
        return GraphLayer.class.getResource("/" + MAIN.replace('.', '/') + ".class") != null;
    }

    @Override
    public String name() {
        return "graph";
    }

    @Override
    public List<String> sources() {
        return List.of(
                SPEC,
                "impl/src/main/java/dev/unwrite/protocol",
                "conformance/src/main/java/dev/unwrite/conformance/graph");
    }

    @Override
    public boolean appliesTo(Mutant mutant) {
        return TracesLayer.changesProtocol(mutant);
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        Path graphs = Files.createDirectories(workspace
                .root()
                .resolve("conformance/target/graphs")
                .resolve(SourceHash.ofFolder(workspace.root().resolve(SPEC))));
        return workspace.mutated().run(name(), LIMIT, List.of(), MAIN, List.of("--graphs", graphs.toString()));
    }
}
