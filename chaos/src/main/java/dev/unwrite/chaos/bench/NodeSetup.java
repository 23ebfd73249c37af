package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A storage and node A, alone or with node B that holds durable copies; checkpoints are taken by command. */
final class NodeSetup implements Setup {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration CHECKPOINT_MAX = Duration.ofSeconds(60);
    private static final String GROUP = "bench";
    private static final String VOLUME = "disk";

    private final Processes processes;
    private final Path image;
    private final Path folder;
    private final boolean isProtected;
    private final Map<HostId, InetSocketAddress> peers = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> controlAddresses = new EnumMap<>(HostId.class);
    private final Map<HostId, NodeClient> controls = new EnumMap<>(HostId.class);

    /** {@code folder} exists and is its own. */
    NodeSetup(Processes processes, Path image, Path folder, ClusterPorts ports, boolean isProtected) {
        this.processes = processes;
        this.image = image;
        this.folder = folder;
        this.isProtected = isProtected;
        for (HostId host : HostId.values()) {
            peers.put(host, ports.next());
            InetSocketAddress control = ports.next();
            controlAddresses.put(host, control);
            controls.put(host, new NodeClient(control));
        }
    }

    @Override
    public String id() {
        return isProtected ? "protected" : "unprotected";
    }

    @Override
    public String title() {
        return isProtected ? "protected node" : "unprotected node";
    }

    @Override
    public void start() {
        String name = id() + "-storage";
        Path socket = folder.resolve("storage.sock");
        Process storage = processes.asLaunched(
                name,
                List.of(
                        "storage",
                        "--listen",
                        Sockets.uri(socket, ""),
                        "--data",
                        folder.resolve("storage").toString(),
                        "--volume",
                        GROUP + "/" + VOLUME + "=" + image));
        Sockets.await(name, storage, socket, processes);
        Process first = node(HostId.A);
        if (isProtected) {
            node(HostId.B);
        }
        String log = id() + "-A";
        Await.until(
                "node A to be " + (isProtected ? "protected" : "primary"),
                START_MAX,
                () -> {
                    if (!first.isAlive()) {
                        throw new BenchException("node A ended: " + processes.lastLine(log));
                    }
                    SeenStatus status = control(HostId.A).status();
                    return (isProtected ? status.isProtectedPrimary() : status.isPrimary())
                            ? Optional.of(true)
                            : Optional.empty();
                },
                () -> "it said: " + processes.lastLine(log));
        Sockets.await(log, first, served(HostId.A), processes);
    }

    private Process node(HostId host) {
        List<String> args = new ArrayList<>(List.of("node", "--name", host.name(), "--group", GROUP));
        args.addAll(List.of("--data", folder.resolve(host.name()).toString()));
        args.addAll(List.of("--storage", Sockets.uri(folder.resolve("storage.sock"), "")));
        args.addAll(List.of("--listen", text(peers.get(host)), "--peer", text(peers.get(host.other()))));
        args.addAll(List.of("--serve", Sockets.uri(served(host), ""), "--control", text(controlAddresses.get(host))));
        args.addAll(List.of("--machine", "none", "--ack", "durable"));
        args.addAll(List.of("--checkpoint-every", "manual", "--failover-after", "manual"));
        if (host == HostId.A) {
            args.add("--bootstrap");
        }
        return processes.asLaunched(id() + "-" + host, args);
    }

    private Path served(HostId host) {
        return folder.resolve(host.name() + ".sock");
    }

    private NodeClient control(HostId host) {
        return Objects.requireNonNull(controls.get(host));
    }

    private static String text(@Nullable InetSocketAddress address) {
        InetSocketAddress there = Objects.requireNonNull(address);
        return there.getHostString() + ":" + there.getPort();
    }

    @Override
    public void freshen() throws IOException {
        if (isProtected) {
            control(HostId.A).checkpoint(new byte[0], CHECKPOINT_MAX);
        }
    }

    @Override
    public String uri() {
        return Sockets.uri(served(HostId.A), VOLUME);
    }

    @Override
    public boolean warmsUp() {
        return true;
    }

    @Override
    public long copies() {
        SeenStatus second = isProtected ? control(HostId.B).status() : SeenStatus.DOWN;
        return second.equals(SeenStatus.DOWN) ? -1 : second.undoBlocks();
    }

    @Override
    public void rest() {
        // Nothing is asked of it, and it stays warm.
    }
}
