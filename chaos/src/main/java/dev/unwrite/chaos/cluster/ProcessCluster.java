package dev.unwrite.chaos.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A cluster of plain processes on this machine, on loopback, with all its files in one folder. */
public final class ProcessCluster implements Cluster {
    private static final Duration STORAGE_START_MAX = Duration.ofSeconds(20);
    private static final String GROUP = "bank";
    private static final String VOLUME = "disk";
    /** What a ledger needs, and little more: a copy of all of it is made at each cut. */
    private static final long VOLUME_BYTES = 1L << 20;

    private final Path dir;
    private final Processes processes;
    private final NodeOptions options;
    private final InetSocketAddress storageAddress;
    private final Map<HostId, Addresses> addresses = new EnumMap<>(HostId.class);
    private final Map<HostId, NodeClient> controls = new EnumMap<>(HostId.class);
    private final Map<HostId, Process> nodes = new EnumMap<>(HostId.class);
    private @Nullable Process storage;

    /** How the nodes run. */
    public record NodeOptions(Duration checkpointEvery, Duration failoverAfter) {}

    private record Addresses(
            InetSocketAddress peer, InetSocketAddress nbd, InetSocketAddress http, InetSocketAddress ledger) {}

    /** Starts nothing yet. {@code dir} exists and is empty; the processes are started by {@code processes}. */
    public ProcessCluster(Path dir, Processes processes, NodeOptions options) throws IOException {
        this.dir = dir;
        this.processes = processes;
        this.options = options;
        ClusterPorts ports = new ClusterPorts();
        this.storageAddress = ports.next();
        for (HostId host : HostId.values()) {
            Addresses own = new Addresses(ports.next(), ports.next(), ports.next(), ports.next());
            addresses.put(host, own);
            controls.put(host, new NodeClient(own.http()));
            Files.createDirectories(witness(host));
        }
        Files.createDirectories(traces());
        try (RandomAccessFile file = new RandomAccessFile(volume().toFile(), "rw")) {
            file.setLength(VOLUME_BYTES);
        }
    }

    @Override
    public void startStorage() {
        List<String> args = new ArrayList<>(List.of("storage", "--listen", nbd(storageAddress)));
        args.addAll(List.of("--volume", GROUP + "/" + VOLUME + "=" + volume()));
        args.addAll(List.of("--data", dir.resolve("data/storage").toString(), "--trace", traces().toString()));
        Process started = processes.unwrite("storage", args);
        storage = started;
        Await.until("the storage to listen", STORAGE_START_MAX, () -> listens(started), this::whereToLook);
    }

    private Optional<Boolean> listens(Process started) {
        if (!started.isAlive()) {
            throw new ClusterException(ended("the storage", started, "storage") + "; " + whereToLook());
        }
        try (Socket socket = new Socket(storageAddress.getHostString(), storageAddress.getPort())) {
            return Optional.of(socket.isConnected());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public void startNode(HostId host, boolean bootstrap) {
        Addresses own = own(host);
        List<String> args = new ArrayList<>(List.of("node", "--name", host.name()));
        args.addAll(List.of("--data", dir.resolve("data/" + host).toString()));
        args.addAll(List.of("--storage", nbd(storageAddress), "--group", GROUP));
        args.addAll(List.of(
                "--listen", text(own.peer()), "--peer", text(own(host.other()).peer())));
        args.addAll(List.of("--serve", nbd(own.nbd()), "--control", text(own.http())));
        args.addAll(List.of("--machine", "ledger", "--ledger", text(own.ledger())));
        args.addAll(List.of("--checkpoint-every", options.checkpointEvery().toMillis() + "ms"));
        args.addAll(List.of("--failover-after", options.failoverAfter().toMillis() + "ms"));
        args.addAll(List.of(
                "--trace", traces().toString(), "--witness", witness(host).toString()));
        if (bootstrap) {
            args.add("--bootstrap");
        }
        if (!Files.exists(dir.resolve("data/" + host + "/node.json"))) {
            // A folder that was emptied is another host's of that name, and has to say so.
            args.add("--replace");
        }
        nodes.put(host, processes.unwrite(host.name(), args));
    }

    @Override
    public void kill(HostId host) {
        Process node = nodes.remove(host);
        if (node == null) {
            throw new IllegalStateException(host + " is not running");
        }
        Processes.kill(node);
    }

    @Override
    public SeenStatus status(HostId host) {
        return control(host).status();
    }

    @Override
    public JsonNode post(HostId host, String what, Duration within) throws IOException {
        return control(host).post(what, within);
    }

    @Override
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        Process running = storage;
        if (running != null && !running.isAlive()) {
            problems.add(ended("the storage", running, "storage"));
        }
        nodes.forEach((host, node) -> {
            if (!node.isAlive()) {
                problems.add(ended(host.name(), node, host.name()));
            }
        });
        return problems;
    }

    private String ended(String who, Process process, String log) {
        return who + " ended by itself with code " + process.exitValue() + " (" + processes.lastLine(log) + ")";
    }

    @Override
    public List<InetSocketAddress> ledgerServers() {
        return addresses.values().stream()
                .map(Addresses::ledger)
                .map(address -> new InetSocketAddress(address.getHostString(), address.getPort()))
                .toList();
    }

    @Override
    public Path volume() {
        return dir.resolve("disk.img");
    }

    @Override
    public Path witness(HostId host) {
        return dir.resolve("witness").resolve(host.name());
    }

    @Override
    public Path traces() {
        return dir.resolve("trace");
    }

    @Override
    public String whereToLook() {
        return "the logs are in " + dir.resolve("log");
    }

    @Override
    public void close() {
        controls.values().forEach(NodeClient::close);
        List<Process> all = new ArrayList<>(nodes.values());
        Process running = storage;
        if (running != null) {
            all.add(running);
        }
        all.forEach(Process::destroy);
        all.forEach(Processes::end);
    }

    private NodeClient control(HostId host) {
        return Objects.requireNonNull(controls.get(host));
    }

    private Addresses own(HostId host) {
        return Objects.requireNonNull(addresses.get(host));
    }

    private static String nbd(InetSocketAddress address) {
        return "nbd://" + text(address);
    }

    private static String text(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }
}
