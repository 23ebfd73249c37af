package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.node.HostPort;
import org.jspecify.annotations.Nullable;

/** The control address of the other node, from its own {@code --control}, which may be valid only on its host. */
final class PeerControl {
    private PeerControl() {}

    /**
     * Null if it is not known, or cannot be reached from here.
     *
     * @param asked where the node is that was asked
     * @param status what that said
     */
    static @Nullable HostPort of(HostPort asked, JsonNode status) {
        HostPort told = parse(status.at("/peer/control").asText(""));
        HostPort address = parse(status.at("/peer/address").asText(""));
        if (told == null || address == null) {
            return null;
        }
        HostPort reached = isAny(told.host()) ? new HostPort(address.host(), told.port()) : told;
        // Loopback is another thing on each host.
        boolean oneHost = isLoopback(address.host()) && isLoopback(asked.host());
        return isLoopback(reached.host()) && !oneHost ? null : reached;
    }

    private static @Nullable HostPort parse(String text) {
        try {
            return HostPort.parse(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    static boolean isAny(String host) {
        return host.equals("0.0.0.0") || host.equals("::");
    }

    static boolean isLoopback(String host) {
        return host.startsWith("127.") || host.equals("::1") || host.equals("localhost");
    }
}
