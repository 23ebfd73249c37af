package dev.unwrite.conformance.matrix;

import java.util.ArrayList;
import java.util.List;

/** The layers of the matrix, from the most abstract to the most concrete. */
final class Layers {
    private Layers() {}

    static List<Layer> all() {
        return List.of(new TlcLayer(), new UnitLayer(), new TracesLayer(), new ProcessesLayer());
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
