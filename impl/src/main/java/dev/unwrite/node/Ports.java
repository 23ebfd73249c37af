package dev.unwrite.node;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Looks whether the addresses that a node listens on can be had, before it makes any file. */
final class Ports {
    private Ports() {}

    /** Throws with one line, and leaves nothing behind, if one is in use or is not this machine's. */
    static void requireFree(NodeConfig config) throws IOException {
        require("--listen", config.listen());
        require("--control", config.control());
        if (!config.serve().isUnix()) {
            require(
                    "--serve",
                    new HostPort(config.serve().host(), config.serve().port()));
        }
    }

    private static void require(String option, HostPort at) throws IOException {
        InetSocketAddress address = at.resolve();
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(address);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + option + " " + at + " (" + e.getMessage() + "): choose another address", e);
        }
    }
}
