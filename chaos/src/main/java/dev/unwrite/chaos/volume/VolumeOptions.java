package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.node.HostPort;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** The options that every load of a volume has. An {@link ExitException} says what makes no sense. */
final class VolumeOptions {
    private static final int BLOCKS_MAX = 1 << 16;

    @Option(names = "--volumes", required = true, split = ",", paramLabel = "HOST=URI", description = "Of each host.")
    private Map<HostId, String> volumes = Map.of();

    @Option(
            names = "--controls",
            required = true,
            split = ",",
            paramLabel = "HOST=ADDRESS:PORT",
            description = "The same.")
    private Map<HostId, String> controls = Map.of();

    @Option(names = "--history", required = true, paramLabel = "FILE", description = "Where the history goes.")
    private Path history = Path.of("");

    @Option(names = "--blocks", required = true, description = "Blocks of 4096 bytes that the volume has.")
    private int blocks;

    @Option(names = "--seed", defaultValue = "1", description = "Decides the requests (default ${DEFAULT-VALUE}).")
    private long seed;

    int blocks() {
        if (blocks < 1 || blocks > BLOCKS_MAX) {
            throw new ExitException(Exit.USAGE, "--blocks must be 1 to " + BLOCKS_MAX);
        }
        return blocks;
    }

    Path history() {
        return history;
    }

    long seed() {
        return seed;
    }

    /** Where each host serves the volume while it is primary. */
    Map<HostId, NbdUri> volumes() {
        return each("--volumes", volumes, NbdUri::parse);
    }

    /** The control port of each host. */
    Map<HostId, InetSocketAddress> controls() {
        return each("--controls", controls, word -> HostPort.parse(word).resolve());
    }

    private static <T> Map<HostId, T> each(String option, Map<HostId, String> words, Function<String, T> parse) {
        Map<HostId, T> parsed = new EnumMap<>(HostId.class);
        for (HostId host : HostId.values()) {
            try {
                parsed.put(host, parse.apply(words.getOrDefault(host, "")));
            } catch (IllegalArgumentException e) {
                throw new ExitException(Exit.USAGE, option + ": of " + host + ": " + e.getMessage(), e);
            }
        }
        return parsed;
    }
}
