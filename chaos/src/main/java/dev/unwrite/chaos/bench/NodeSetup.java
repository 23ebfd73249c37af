package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterPorts;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A storage and node A, alone or with node B that holds copies; checkpoints are taken by command or at intervals. */
final class NodeSetup implements Setup {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration CHECKPOINT_MAX = Duration.ofSeconds(60);
    /** Of the log of a volume that takes next to nothing. */
    private static final long UNDO_LIMIT_MIB = 64;

    private static final String GROUP = "bench";
    private static final String VOLUME = "disk";

    private final Processes processes;
    private final Path image;
    private final Path folder;
    private final Kind kind;
    private final Map<String, Process> running = new LinkedHashMap<>();
    private final Map<HostId, InetSocketAddress> peers = new EnumMap<>(HostId.class);
    private final Map<HostId, InetSocketAddress> controlAddresses = new EnumMap<>(HostId.class);
    private final InetSocketAddress ledger;
    private final Map<HostId, NodeClient> controls = new EnumMap<>(HostId.class);

    /** Whether there is a second host, when its copies count, how checkpoints come, and what runs. */
    enum Kind {
        UNPROTECTED("unprotected node", "manual", "durable", "none"),
        PROTECTED("protected node", "manual", "durable", "none"),
        MEMORY("protected, --ack memory", "manual", "memory", "none"),
        CHECKPOINTS("checkpoint every 50 ms", "50ms", "durable", "none"),
        LEDGER("ledger, checkpoint every 25 ms", "25ms", "durable", "ledger"),
        TAKEOVER("protected, takes over by itself", "manual", "durable", "none"),
        SPARSE("protected, a volume full of holes", "manual", "durable", "none");

        private final String title;
        private final String every;
        private final String ack;
        private final String machine;

        Kind(String title, String every, String ack, String machine) {
            this.title = title;
            this.every = every;
            this.ack = ack;
            this.machine = machine;
        }

        /** For people. */
        String title() {
            return title;
        }
    }

    /** {@code folder} exists and is its own. */
    NodeSetup(Processes processes, Path image, Path folder, ClusterPorts ports, Kind kind) {
        this.processes = processes;
        this.image = image;
        this.folder = folder;
        this.kind = kind;
        this.ledger = ports.next();
        for (HostId host : HostId.values()) {
            peers.put(host, ports.next());
            InetSocketAddress control = ports.next();
            controlAddresses.put(host, control);
            controls.put(host, new NodeClient(control));
        }
    }

    @Override
    public String id() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String title() {
        return kind.title;
    }

    private boolean isProtected() {
        return kind != Kind.UNPROTECTED;
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
        running.put("storage", storage);
        Sockets.await(name, storage, socket, processes);
        Process first = node(HostId.A, true);
        if (isProtected()) {
            node(HostId.B, false);
        }
        awaitPrimary(HostId.A);
        Sockets.await(id() + "-A", first, served(HostId.A), processes);
    }

    /** Waits until the node is primary, protected by the other one if there is one. */
    void awaitPrimary(HostId host) {
        Await.until(
                "node " + host + " to be " + (isProtected() ? "protected" : "primary"),
                START_MAX,
                () -> {
                    if (!Objects.requireNonNull(running.get(host.name())).isAlive()) {
                        throw new BenchException("node " + host + " ended: " + processes.lastLine(id() + "-" + host));
                    }
                    SeenStatus status = control(host).status();
                    return (isProtected() ? status.isProtectedPrimary() : status.isPrimary())
                            ? Optional.of(true)
                            : Optional.empty();
                },
                () -> "it said: " + processes.lastLine(id() + "-" + host));
    }

    /** SIGKILL. */
    void kill(HostId host) {
        Processes.kill(Objects.requireNonNull(running.get(host.name())));
    }

    /** Starts a node that was killed; returns when the other one is protected by it. */
    void startAgain(HostId host) {
        node(host, false);
        awaitPrimary(host.other());
    }

    JsonNode post(HostId host, String what, Duration within) throws IOException {
        return control(host).post(what, within);
    }

    String uriOf(HostId host) {
        return Sockets.uri(served(host), VOLUME);
    }

    /** Where the ledger of node A answers. */
    InetSocketAddress ledger() {
        return ledger;
    }

    String metrics(HostId host) throws IOException {
        return control(host).metrics();
    }

    Path log(HostId host) {
        return processes.log(id() + "-" + host);
    }

    private Process node(HostId host, boolean bootstrap) {
        List<String> args = new ArrayList<>(List.of("node", "--name", host.name(), "--group", GROUP));
        args.addAll(List.of("--data", folder.resolve(host.name()).toString()));
        args.addAll(List.of("--storage", Sockets.uri(folder.resolve("storage.sock"), "")));
        args.addAll(List.of("--listen", text(peers.get(host)), "--peer", text(peers.get(host.other()))));
        args.addAll(List.of("--serve", Sockets.uri(served(host), ""), "--control", text(controlAddresses.get(host))));
        args.addAll(List.of("--machine", kind.machine, "--ack", kind.ack));
        if (kind == Kind.LEDGER) {
            args.addAll(List.of("--ledger", text(ledger)));
        }
        args.addAll(List.of("--checkpoint-every", kind.every));
        if (kind == Kind.TAKEOVER) {
            // The log has to hold a copy of the whole volume.
            args.addAll(List.of("--undo-limit", Long.toString(UNDO_LIMIT_MIB + 2 * (sizeBytes() >> 20))));
        } else {
            args.addAll(List.of("--failover-after", "manual"));
        }
        if (bootstrap) {
            args.add("--bootstrap");
        }
        Process process = processes.asLaunched(id() + "-" + host, args);
        running.put(host.name(), process);
        return process;
    }

    private long sizeBytes() {
        try {
            return Files.size(image);
        } catch (IOException e) {
            throw new BenchException("cannot read the size of " + image + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Map<String, Process> processes() {
        return running;
    }

    /** Ends all of it; the image and what was stored stay. */
    void end() {
        running.values().forEach(Processes::kill);
        running.clear();
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
        if (isProtected()) {
            control(HostId.A).checkpoint(new byte[0], CHECKPOINT_MAX);
        }
    }

    @Override
    public String uri() {
        return uriOf(HostId.A);
    }

    @Override
    public boolean warmsUp() {
        return true;
    }

    @Override
    public long copies() {
        boolean keeps = kind == Kind.PROTECTED || kind == Kind.MEMORY || kind == Kind.SPARSE;
        SeenStatus second = keeps ? control(HostId.B).status() : SeenStatus.DOWN;
        return second.equals(SeenStatus.DOWN) ? -1 : second.undoBlocks();
    }

    @Override
    public void rest() {
        // Nothing is asked of it, and it stays warm.
    }
}
