package dev.unwrite.spec.tlc;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of TLC.
 *
 * @param module the root module
 * @param files where it and the modules that it uses are found
 * @param config the text of the configuration file
 * @param workers worker threads; more than one only where there is no PROPERTY, which TLC may then miss
 * @param heap the heap's limit, as after {@code -Xmx}
 * @param checkDeadlock whether a state without a successor is an error
 * @param simulation random behaviours instead of all of them, or null
 * @param limit how long the run may take; one that takes longer is broken, whatever it has found
 * @param properties system properties of TLC's JVM
 * @param options further options of TLC
 * @param mainClass what runs in the new JVM; its main method gets TLC's arguments
 */
public record TlcJob(
        String module,
        SpecFiles files,
        String config,
        int workers,
        String heap,
        boolean checkDeadlock,
        @Nullable Simulation simulation,
        Duration limit,
        Map<String, String> properties,
        List<String> options,
        String mainClass) {
    /** No run takes longer unless it says so. */
    public static final Duration LIMIT_DEFAULT = Duration.ofHours(12);
    /** Enough for some millions of distinct states. */
    public static final String HEAP_DEFAULT = "1g";

    public TlcJob {
        if (workers < 1) {
            throw new IllegalArgumentException("workers must be at least 1, not " + workers);
        }
        properties = Map.copyOf(properties);
        options = List.copyOf(options);
    }

    /** A run with one worker, the default heap and limit, deadlock not checked. */
    public static TlcJob of(String module, SpecFiles files, String config) {
        return new TlcJob(
                module, files, config, 1, HEAP_DEFAULT, false, null, LIMIT_DEFAULT, Map.of(), List.of(), "tlc2.TLC");
    }

    /**
     * Random behaviours.
     *
     * @param behaviours how many
     * @param depth how many states each has at most
     * @param seed the same seed gives the same behaviours
     */
    public record Simulation(long behaviours, int depth, long seed) {}

    /** With so many workers. */
    public TlcJob withWorkers(int count) {
        return new TlcJob(
                module, files, config, count, heap, checkDeadlock, simulation, limit, properties, options, mainClass);
    }

    /** With this limit of the heap, for example {@code 4g}. */
    public TlcJob withHeap(String size) {
        return new TlcJob(
                module, files, config, workers, size, checkDeadlock, simulation, limit, properties, options, mainClass);
    }

    /** A state without successor is an error, or not. */
    public TlcJob withDeadlockCheck(boolean check) {
        return new TlcJob(
                module, files, config, workers, heap, check, simulation, limit, properties, options, mainClass);
    }

    /** Random behaviours instead of all. */
    public TlcJob withSimulation(@Nullable Simulation random) {
        return new TlcJob(
                module, files, config, workers, heap, checkDeadlock, random, limit, properties, options, mainClass);
    }

    /** With this limit of time. */
    public TlcJob withLimit(Duration duration) {
        return new TlcJob(
                module,
                files,
                config,
                workers,
                heap,
                checkDeadlock,
                simulation,
                duration,
                properties,
                options,
                mainClass);
    }

    /** With one more system property of TLC's JVM. */
    public TlcJob withProperty(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(properties);
        more.put(name, value);
        return new TlcJob(
                module, files, config, workers, heap, checkDeadlock, simulation, limit, more, options, mainClass);
    }

    /** With these options of TLC, besides those that this record stands for. */
    public TlcJob withOptions(List<String> more) {
        return new TlcJob(
                module, files, config, workers, heap, checkDeadlock, simulation, limit, properties, more, mainClass);
    }

    /** With another main class, which may set up what it likes and then call {@code tlc2.TLC.main}. */
    public TlcJob withMainClass(String name) {
        return new TlcJob(
                module, files, config, workers, heap, checkDeadlock, simulation, limit, properties, options, name);
    }
}
