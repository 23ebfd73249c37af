package dev.unwrite.chaos.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/**
 * Finds free ports on loopback. They lie below the range from which the system takes the ports of outgoing connections:
 * a port of a killed node must still be free when the node comes back, and a client that keeps trying a closed port of
 * that range can end up connected to itself.
 */
public final class ClusterPorts {
    private static final int FIRST = 15_000;
    private static final int LAST = 30_000;
    private static final int TRIES_MAX = 1_000;

    private final Random chance = new Random();
    private final Set<Integer> taken = new HashSet<>();

    /** None is taken yet. */
    public ClusterPorts() {}

    /** A port that nobody listens on now, another one each time. */
    public InetSocketAddress next() {
        for (int attempt = 0; attempt < TRIES_MAX; attempt++) {
            int port = FIRST + chance.nextInt(LAST - FIRST);
            if (!taken.contains(port) && isFree(port)) {
                taken.add(port);
                return InetSocketAddress.createUnresolved("127.0.0.1", port);
            }
        }
        throw new ClusterException("no free port between " + FIRST + " and " + LAST + " on loopback");
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
