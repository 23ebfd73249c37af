package dev.unwrite.conformance.matrix;

import java.util.List;
import java.util.stream.Stream;

/**
 * A part of the matrix: mutants and the layers that they go through.
 *
 * @param title its heading in {@code MATRIX.md}
 * @param mutants the canary first
 */
record Part(String title, List<Mutant> mutants, List<Layer> layers) {
    /** The protocol and what carries it out: each rule left out, and slips. */
    static Part code() {
        return new Part("Rules and slips", withCanary(Mutants.all()), Layers.all());
    }

    /** The host and what it keeps on its disk. */
    static Part host() {
        return new Part("Slips in the host", withCanary(Mutants.inHost()), Layers.ofHost());
    }

    static List<Part> all() {
        return List.of(code(), host());
    }

    private static List<Mutant> withCanary(List<Mutant> mutants) {
        return Stream.concat(Stream.of(Mutant.CANARY), mutants.stream()).toList();
    }

    /** The same with those of its mutants and layers that are named. */
    Part only(List<String> mutantNames, List<String> layerNames) {
        return new Part(
                title,
                mutants.stream()
                        .filter(mutant -> mutantNames.contains(mutant.name()))
                        .toList(),
                layers.stream()
                        .filter(layer -> layerNames.contains(layer.name()))
                        .toList());
    }

    List<String> layerNames() {
        return layers.stream().map(Layer::name).toList();
    }

    List<String> mutantNames() {
        return mutants.stream().map(Mutant::name).toList();
    }
}
