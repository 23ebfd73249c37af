package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.cluster.SimulateCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The layers of the matrix, from the most abstract to the most concrete. */
final class Layers {
    /** What was found is made shorter, which takes its time. */
    private static final Duration SIMULATOR_LIMIT = Duration.ofMinutes(5);

    /** Rare mistakes take so many. */
    private static final int SIMULATED_RUNS = 10_000;

    /** What the simulator runs. */
    private static final List<String> SIMULATED = List.of(
            "dev/unwrite/protocol/",
            "dev/unwrite/host/",
            "dev/unwrite/undo/",
            "dev/unwrite/checkpoint/",
            "dev/unwrite/store/",
            "dev/unwrite/peer/",
            "dev/unwrite/storage/Session.java",
            "dev/unwrite/storage/StorageCore.java",
            "dev/unwrite/storage/StorageState.java");

    private Layers() {}

    /** Whether the simulator runs what the mutant changes. */
    static boolean isSimulated(Mutant mutant) {
        return simulator(1).appliesTo(mutant);
    }

    static List<Layer> all() {
        List<Layer> layers = new ArrayList<>(List.of(new TlcLayer(), new UnitLayer()));
        if (GraphLayer.isThere()) {
            layers.add(new GraphLayer());
        }
        layers.addAll(List.of(simulator(SIMULATED_RUNS), new TracesLayer(), new ProcessesLayer()));
        return layers;
    }

    /** Runs of the simulator with the mutated classes; ends at the first that breaks a property. */
    static Layer simulator(int runs) {
        return new MainLayer(
                "simulator",
                List.of("impl/src/main", "conformance/src/main/java/dev/unwrite/conformance/cluster"),
                SIMULATED,
                SIMULATOR_LIMIT,
                SimulateCommand.class.getName(),
                List.of("--seed", "1", "--runs", Integer.toString(runs), "--seconds", "180"));
    }

    /** Those with these names, in the order of the matrix. */
    static List<Layer> named(List<String> names) {
        List<String> unknown = new ArrayList<>(names);
        all().forEach(layer -> unknown.remove(layer.name()));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("there is no layer " + unknown.getFirst() + "; the layers are: "
                    + String.join(", ", all().stream().map(Layer::name).toList()));
        }
        return all().stream().filter(layer -> names.contains(layer.name())).toList();
    }
}
