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

    /** Some slips of the host show in rare circumstances only. */
    private static final int HOST_RUNS = 4_000;

    private static final int HOST_SECONDS = 240;

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

    /** Of slips in the host, which the more abstract layers do not have. */
    static List<Layer> ofHost() {
        return List.of(new UnitLayer(), hostSimulator(1, HOST_RUNS, HOST_SECONDS));
    }

    /** Runs of the simulator with the mutated classes; ends at the first that breaks a property, made short. */
    static Layer simulator(int runs) {
        return simulator(SIMULATOR_LIMIT, List.of("--seed", "1", "--runs", Integer.toString(runs), "--seconds", "180"));
    }

    /** The same from a seed on, and the run that breaks it stays as it is: that it is made short is seen with the mutants above. */
    static Layer hostSimulator(long seed, int runs, int seconds) {
        return simulator(
                Duration.ofSeconds(seconds + 60),
                List.of(
                        "--seed",
                        Long.toString(seed),
                        "--runs",
                        Integer.toString(runs),
                        "--seconds",
                        Integer.toString(seconds),
                        "--first"));
    }

    private static Layer simulator(Duration limit, List<String> arguments) {
        return new MainLayer(
                "simulator",
                List.of("impl/src/main", "conformance/src/main/java/dev/unwrite/conformance/cluster"),
                SIMULATED,
                limit,
                SimulateCommand.class.getName(),
                arguments);
    }
}
