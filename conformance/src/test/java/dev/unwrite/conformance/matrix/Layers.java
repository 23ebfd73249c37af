package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.sim.SimulateCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The layers of the matrix, from the most abstract to the most concrete. */
final class Layers {
    /** What was found is made shorter, which takes its time. */
    private static final Duration SIMULATOR_LIMIT = Duration.ofMinutes(3);

    private Layers() {}

    static List<Layer> all() {
        List<Layer> layers = new ArrayList<>(List.of(new TlcLayer(), new UnitLayer()));
        if (GraphLayer.isThere()) {
            layers.add(new GraphLayer());
        }
        layers.addAll(List.of(simulator(), new TracesLayer(), new ProcessesLayer()));
        return layers;
    }

    private static Layer simulator() {
        return new MainLayer(
                "simulator",
                List.of("impl/src/main", "conformance/src/main/java/dev/unwrite/conformance/sim"),
                List.of(
                        "dev/unwrite/protocol/",
                        "dev/unwrite/undo/",
                        "dev/unwrite/checkpoint/",
                        "dev/unwrite/storage/StorageCore.java",
                        "dev/unwrite/storage/StorageState.java"),
                SIMULATOR_LIMIT,
                SimulateCommand.class.getName(),
                List.of("--seed", "1", "--runs", "2000", "--seconds", "120"));
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
