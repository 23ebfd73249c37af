package dev.unwrite.conformance.matrix;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The unit tests of impl; the first that fails has caught the mutant. */
final class UnitLayer implements Layer {
    private static final String TESTS = "impl/src/test/java/dev/unwrite/";
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private final List<String> only;

    UnitLayer() {
        this(List.of());
    }

    /** Runs these tests of {@link UnitMain#TESTS}, and no others. */
    UnitLayer(List<String> only) {
        this.only = List.copyOf(only);
    }

    @Override
    public String name() {
        return "unit";
    }

    @Override
    public List<String> sources() {
        Stream<String> tests = UnitMain.TESTS.stream().map(test -> TESTS + test.replace('.', '/') + ".java");
        // The tests of a package share helpers; beside those of package node are programs of other layers.
        Stream<String> sources =
                tests.map(test -> test.contains("/node/") ? test : test.substring(0, test.lastIndexOf('/')));
        return Stream.concat(Stream.of("impl/src/main"), sources.distinct()).toList();
    }

    @Override
    public String settings() {
        return String.join(" ", only.isEmpty() ? UnitMain.TESTS : only);
    }

    @Override
    public Finding run(Mutant mutant, Workspace workspace) throws IOException, InterruptedException {
        List<String> packages = mutant.hunks().stream()
                .map(hunk -> hunk.file().split("/")[2])
                .distinct()
                .toList();
        return workspace
                .mutated()
                .run(
                        name(),
                        LIMIT,
                        List.of("-Djava.io.tmpdir=" + workspace.folder()),
                        UnitMain.class.getName(),
                        only.isEmpty() ? packages : only);
    }
}
