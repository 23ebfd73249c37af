package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.Control;
import dev.unwrite.chaos.cluster.Host;
import dev.unwrite.chaos.cluster.NodeStatus;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** The control ports of both hosts. Thread-safe. */
final class Controls implements Closeable {
    private final Map<Host, Control> ports = new EnumMap<>(Host.class);

    Controls(Map<Host, InetSocketAddress> addresses) {
        addresses.forEach((host, address) -> ports.put(host, new Control(address)));
    }

    Control of(Host host) {
        return Objects.requireNonNull(ports.get(host));
    }

    NodeStatus status(Host host) {
        return of(host).status();
    }

    @Override
    public void close() {
        ports.values().forEach(Control::close);
    }
}
