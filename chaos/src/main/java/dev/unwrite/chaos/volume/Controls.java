package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.SeenStatus;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** The control ports of both hosts. Thread-safe. */
final class Controls implements Closeable {
    private final Map<HostId, NodeClient> ports = new EnumMap<>(HostId.class);

    Controls(Map<HostId, InetSocketAddress> addresses) {
        addresses.forEach((host, address) -> ports.put(host, new NodeClient(address)));
    }

    NodeClient of(HostId host) {
        return Objects.requireNonNull(ports.get(host));
    }

    SeenStatus status(HostId host) {
        return of(host).status();
    }

    @Override
    public void close() {
        ports.values().forEach(NodeClient::close);
    }
}
