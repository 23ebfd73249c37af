package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.Host;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.nbd.NbdUri;
import java.net.InetSocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** Where the hosts are, as the options of a load say it; an {@link ExitException} where one is missing or makes no sense. */
final class Addresses {
    private Addresses() {}

    /** Of {@code --volumes}. */
    static Map<Host, NbdUri> volumes(Map<Host, String> words) {
        return each("--volumes", words, NbdUri::parse);
    }

    /** Of {@code --controls}. */
    static Map<Host, InetSocketAddress> controls(Map<Host, String> words) {
        return each("--controls", words, Addresses::address);
    }

    private static InetSocketAddress address(String word) {
        int colon = word.lastIndexOf(':');
        return new InetSocketAddress(
                word.substring(0, Math.max(colon, 0)), Integer.parseInt(word.substring(colon + 1)));
    }

    private static <T> Map<Host, T> each(String option, Map<Host, String> words, Function<String, T> parse) {
        Map<Host, T> parsed = new EnumMap<>(Host.class);
        for (Host host : Host.values()) {
            try {
                parsed.put(host, parse.apply(words.getOrDefault(host, "")));
            } catch (IllegalArgumentException e) {
                throw new ExitException(Exit.USAGE, option + ": of " + host + ": " + e.getMessage(), e);
            }
        }
        return parsed;
    }
}
