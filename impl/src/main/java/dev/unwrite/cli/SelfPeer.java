package dev.unwrite.cli;

import dev.unwrite.node.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;

/** Detects a node that was given its own address as its peer. */
final class SelfPeer {
    private SelfPeer() {}

    /** Whether who listens at {@code listen} is reached at {@code peer}; false if that cannot be told. */
    static boolean is(HostPort listen, HostPort peer) {
        if (listen.port() != peer.port() || listen.port() == 0) {
            return false;
        }
        if (listen.host().equalsIgnoreCase(peer.host())) {
            return true;
        }
        try {
            InetAddress at = InetAddress.getByName(listen.host());
            InetAddress to = InetAddress.getByName(peer.host());
            boolean here = to.isLoopbackAddress() || NetworkInterface.getByInetAddress(to) != null;
            return at.equals(to) || (at.isAnyLocalAddress() && (here || to.isAnyLocalAddress()));
        } catch (IOException e) {
            return false;
        }
    }
}
