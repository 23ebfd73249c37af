package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.RoleLog;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.Tools;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A storage and two nodes that run a guest, as processes of this machine; sockets and files are in one folder. */
final class VmPair implements Closeable {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration PROTECT_MAX = Duration.ofSeconds(90);
    private static final String GROUP = "vm";

    /** What its nodes run for. */
    enum Use {
        /** They write traces, and each page of the memory at each cut. */
        CHECKED,
        /** They write traces: a large guest has time for its work. */
        TRACED,
        /** They run as they do for a user. */
        MEASURED
    }

    private final Path dir;
    private final Processes processes;
    private final String machine;
    private final String checkpointEvery;
    private final String failoverAfter;
    private final Use use;
    private final Map<HostId, Process> nodes = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> peers = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> controls = new EnumMap<>(HostId.class);
    private final Map<HostId, NodeClient> clients = new EnumMap<>(HostId.class);
    private @Nullable Process storage;

    /** Starts nothing yet; {@code machine} is as after {@code --machine}. */
    VmPair(Path dir, Processes processes, String machine, String checkpointEvery, String failoverAfter, Use use) {
        this.dir = dir;
        this.processes = processes;
        this.machine = machine;
        this.checkpointEvery = checkpointEvery;
        this.failoverAfter = failoverAfter;
        this.use = use;
        ClusterPorts ports = new ClusterPorts();
        for (HostId host : HostId.values()) {
            peers.put(host, ports.next());
            InetSocketAddress control = ports.next();
            controls.put(host, control);
            clients.put(host, new NodeClient(control));
        }
    }

    Path traces() {
        return dir.resolve("trace");
    }

    Path disk() {
        return dir.resolve("disk.img");
    }

    /** What e2fsck says of the disk as it is at one moment: a storage that runs stands still while it is copied. */
    Tools.Outcome checkDisk() throws IOException {
        Path copy = dir.resolve("disk.copy");
        Process running = Objects.requireNonNull(storage);
        if (running.isAlive()) {
            String pid = Long.toString(running.pid());
            Tools.run("kill", "-STOP", pid);
            try {
                copyDisk(copy);
            } finally {
                Tools.run("kill", "-CONT", pid);
            }
        } else {
            copyDisk(copy);
        }
        Tools.Outcome outcome = TickGuest.check(copy);
        Files.delete(copy);
        return outcome;
    }

    private void copyDisk(Path copy) {
        Tools.run("cp", "--sparse=always", disk().toString(), copy.toString());
    }

    Console console(HostId host) {
        return Console.of(data(host));
    }

    /** Where a node keeps what is its own. */
    Path data(HostId host) {
        return dir.resolve(host.name());
    }

    /** {@code flags} are for its JVM. */
    void startStorage(String... flags) {
        List<String> args = new ArrayList<>(List.of("storage", "--listen", uri("storage")));
        args.addAll(List.of("--data", dir.resolve("storage").toString()));
        args.addAll(List.of("--volume", GROUP + "/disk=" + disk()));
        storage = launch("storage", List.of(flags), args);
        Await.untilTrue(
                "the storage to listen", START_MAX, () -> Files.exists(dir.resolve("storage.sock")), this::said);
    }

    private String uri(String name) {
        return "nbd+unix:///?socket=" + socket(name);
    }

    private Path socket(String name) {
        return dir.resolve(name + ".sock");
    }

    /** Where a node serves the disk. */
    Path served(HostId host) {
        return socket(host.name());
    }

    /** Where it takes commands. */
    String control(HostId host) {
        return text(controls.get(host));
    }

    /** Memory at its cuts. */
    GuestPages pages(HostId host) {
        return new GuestPages(dir.resolve("pages-" + host));
    }

    /** The image of the checkpoint that a host holds, once there was a delta. */
    Path image(HostId host) {
        return data(host).resolve("checkpoint").resolve("image");
    }

    void start(HostId host, boolean bootstrap) throws IOException {
        List<String> args = new ArrayList<>(List.of("node", "--name", host.name(), "--group", GROUP));
        args.addAll(List.of("--data", data(host).toString(), "--storage", uri("storage")));
        args.addAll(List.of("--listen", text(peers.get(host)), "--peer", text(peers.get(host.other()))));
        args.addAll(List.of("--serve", uri(host.name()), "--control", control(host)));
        args.addAll(List.of("--machine", machine, "--checkpoint-every", checkpointEvery));
        args.addAll(List.of("--failover-after", failoverAfter));
        if (bootstrap) {
            args.add("--bootstrap");
        }
        List<String> watch = new ArrayList<>();
        if (use == Use.CHECKED) {
            Files.createDirectories(dir.resolve("pages-" + host));
            watch.add(pages(host).property());
        }
        nodes.put(host, launch(name(host), watch, args));
    }

    /** {@code watch}: flags of a JVM that is checked. */
    private Process launch(String name, List<String> watch, List<String> args) {
        if (use == Use.MEASURED) {
            return processes.asLaunched(name, args);
        }
        args.addAll(List.of("--trace", traces().toString()));
        return processes.unwrite(name, watch, args);
    }

    private static String name(HostId host) {
        return "node-" + host;
    }

    /** What a node has printed. */
    RoleLog log(HostId host) {
        return new RoleLog(processes.log(name(host)));
    }

    private static String text(@Nullable InetSocketAddress address) {
        InetSocketAddress there = Objects.requireNonNull(address);
        return there.getHostString() + ":" + there.getPort();
    }

    NodeClient client(HostId host) {
        return Objects.requireNonNull(clients.get(host));
    }

    /** Waits until the machine runs there, protected by the other host. */
    SeenStatus awaitProtected(HostId host) {
        return await(host, "protected", SeenStatus::isProtectedPrimary);
    }

    /** Waits until a node is as it should be; {@code what} completes "to be". */
    SeenStatus await(HostId host, String what, Predicate<SeenStatus> wanted) {
        return Await.until(
                "node " + host + " to be " + what,
                PROTECT_MAX,
                () -> Optional.of(client(host).status()).filter(wanted),
                () -> "it is " + client(host).status().words() + "; " + said());
    }

    /** What each process said last. */
    String said() {
        return Stream.of("storage", "node-A", "node-B")
                .map(name -> name + ": " + processes.lastLine(name))
                .collect(Collectors.joining("; "));
    }

    /** The process of a node, also when it has ended. */
    Process node(HostId host) {
        return Objects.requireNonNull(nodes.get(host));
    }

    /** SIGKILL of the node; QEMU dies with it. */
    void kill(HostId host) {
        Processes.kill(node(host));
    }

    /** SIGTERM, the secondary first. */
    void stop(HostId secondary) {
        Processes.end(node(secondary));
        Processes.end(node(secondary.other()));
        Processes.end(Objects.requireNonNull(storage));
    }

    @Override
    public void close() {
        clients.values().forEach(NodeClient::close);
    }
}
