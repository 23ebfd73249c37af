package dev.unwrite.node;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.host.Host;
import dev.unwrite.host.HostConfig;
import dev.unwrite.host.Surroundings;
import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.machine.ledger.LedgerMachine;
import dev.unwrite.machine.qemu.QemuMachine;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.node.control.ControlServer;
import dev.unwrite.peer.PeerConfig;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.trace.TraceWriter;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One host: puts the parts together, starts them in order and stops them in the reverse order. */
public final class Node implements Closeable {
    private static final System.Logger LOG = System.getLogger(Node.class.getName());

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String BOOT_MARK = "boot-id";

    /** How long a node that is stopped may take to hand over, or to flush. */
    private static final Duration LEAVE_MAX = Duration.ofSeconds(20);

    private final Consumer<String> log;
    private final Deque<Closeable> parts;
    private final NodeControl orders;
    private final ControlServer control;
    private final NbdServer server;
    private final CompletableFuture<String> ended = new CompletableFuture<>();

    private Node(NodeConfig config, Consumer<String> log, Deque<Closeable> parts) throws IOException {
        this.log = log;
        this.parts = parts;
        String runs = describe(config);
        Folder folder = Folder.open(config.data(), config.group(), config.name());
        parts.push(folder);
        Path trace = config.trace();
        TraceWriter writer = trace == null ? TraceWriter.NONE : TraceWriter.open(trace, config.name());
        parts.push(writer);
        CheckpointStore store = openStore(config, log);
        parts.push(store);
        UndoLog undo = openUndo(config, folder, store, log);
        parts.push(undo);
        StorageClient client = StorageClient.of(
                config.storage(),
                config.group(),
                config.name(),
                new StorageClient.Identity(
                        folder.id(), new SecureRandom().nextLong() >>> 1, folder.storage(), config.replace()),
                Timing.STORAGE);
        Loop loop = new Loop(log);
        StorageShell storage = new StorageShell(
                client.servedBy(loop.events()),
                loop,
                (session, why) -> loop.host().hungUp(session, why));
        parts.push(storage);
        LocalDisk own = new LocalDisk(undo, store, folder);
        DiskShell disk = new DiskShell(own, loop);
        parts.push(disk);
        Witness witness = config.witness() == null ? null : new Witness(config.witness(), storage);
        MachineShell room =
                new MachineShell(loop, machine(config), store::open, witness, config.writeCache(), ended::complete);
        parts.push(room);
        PeerShell peer = new PeerShell(loop, disk);
        NodeListener listener = new NodeListener(writer, log, ended::complete);
        Host host = new Host(
                hostConfig(config, folder, undo),
                new Surroundings(peer, storage, disk, room, listener),
                own.started(config.name()),
                System.nanoTime());
        parts.push(loop);
        peer.connect(PeerLink.open(
                new PeerConfig(
                        config.group(),
                        config.name(),
                        null,
                        config.listen().resolve(),
                        () -> config.peer().resolve(),
                        runs,
                        () -> ids(config, folder, undo, store)),
                loop.events(),
                peer));
        parts.push(peer);
        loop.start(host);
        server = NbdServer.builder()
                .listen(config.serve())
                .loop(loop.events())
                .exports(new ServedVolumes(
                        room,
                        config.machine() == NodeConfig.MachineKind.NONE
                                ? ServedVolumes.To.MACHINE
                                : ServedVolumes.To.SPECTATORS,
                        config.writeCache()))
                .start();
        parts.push(server);
        room.servedBy(server);
        orders = new NodeControl(config, loop, room, disk::usedBytes);
        control = ControlServer.open(config.control().resolve(), orders);
        parts.push(control::close);
    }

    private static CheckpointStore openStore(NodeConfig config, Consumer<String> log) throws IOException {
        CheckpointStore store = CheckpointStore.open(
                config.data().resolve("checkpoint"),
                config.durable() ? CheckpointStore.Policy.DURABLE : CheckpointStore.Policy.MEMORY,
                config.stateLimitBytes());
        try {
            if (!config.durable() && isOtherBoot(config)) {
                if (store.committed().isPresent()) {
                    log.accept("--ack memory: the operating system was restarted, the mirrored state is forgotten");
                }
                store.discard();
                // A log that has lost what it had acknowledged is not the same log any more, and has another id.
                forget(config.data().resolve("undo"));
            }
            return store;
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static UndoLog openUndo(NodeConfig config, Folder folder, CheckpointStore store, Consumer<String> log)
            throws IOException {
        folder.requireUndoOf(store.committed().orElse(null));
        UndoLog undo = UndoLog.open(
                config.data().resolve("undo"),
                UndoOptions.defaults()
                        .withPolicy(config.durable() ? UndoOptions.Policy.DURABLE : UndoOptions.Policy.MEMORY)
                        .withLimitBytes(config.undoLimitBytes()));
        try {
            undo.recovered().torn().ifPresent(torn -> log.accept("the undo log had a torn tail, dropped: " + torn));
            if (folder.isUndoAnother(undo.id(), store.committed().orElse(null))) {
                undo.discardAll().join();
            }
            folder.undoIs(undo.id());
            if (!config.durable()) {
                Files.writeString(config.data().resolve(BOOT_MARK), bootId());
            }
            return undo;
        } catch (IOException | RuntimeException e) {
            undo.close();
            throw e;
        }
    }

    /** What runs here, in the words in which two hosts compare it. */
    private static String describe(NodeConfig config) throws IOException {
        return switch (config.machine()) {
            case NONE -> "none";
            case LEDGER -> "ledger";
            case QEMU -> QemuMachine.describe(Objects.requireNonNull(config.guest()));
        };
    }

    private static Function<MachineHost, Machine> machine(NodeConfig config) {
        return switch (config.machine()) {
            case NONE -> guest -> new NoMachine(config.data());
            case LEDGER -> guest -> new LedgerMachine(guest, config.ledger().resolve());
            case QEMU -> {
                Path file = Objects.requireNonNull(config.guest());
                Path folder = config.data().resolve("qemu");
                yield guest -> new QemuMachine(guest, file, folder);
            }
        };
    }

    private static HostConfig hostConfig(NodeConfig config, Folder folder, UndoLog undo) {
        return new HostConfig(
                config.name(),
                config.bootstrap(),
                config.checkpointEvery(),
                config.failoverAfter(),
                config.undoLimitBytes(),
                config.aloneAtUndoLimitAfter(),
                config.writeCache(),
                folder.storage(),
                folder.id(),
                undo.id());
    }

    /** Starts a node; {@code log} must not block. Throws with one line where something it needs cannot be had. */
    public static Node start(NodeConfig config, Consumer<String> log) throws IOException {
        Ports.requireFree(config);
        Deque<Closeable> parts = new ArrayDeque<>();
        try {
            return new Node(config, log, parts);
        } catch (IOException | RuntimeException e) {
            closeAll(parts);
            throw e;
        }
    }

    /** Waits until this node cannot go on, and says why in one line; it is to be closed then. */
    public String awaitEnd() throws InterruptedException {
        try {
            return ended.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static PeerMessage.Ids ids(NodeConfig config, Folder folder, UndoLog undo, CheckpointStore store) {
        var held = store.committed();
        return new PeerMessage.Ids(
                folder.storage(),
                folder.id(),
                undo.id(),
                undo.position(),
                held.map(c -> c.term()).orElse(0L),
                held.map(c -> c.epoch()).orElse(0L),
                config.control().toString());
    }

    /**
     * Under the policy {@code memory} nothing was synced: after a restart of the operating system the copies may have
     * gaps that nobody can see, so all of it is forgotten, and this host takes over nothing that it no longer holds.
     */
    private static boolean isOtherBoot(NodeConfig config) throws IOException {
        Path mark = config.data().resolve(BOOT_MARK);
        String boot = bootId();
        return boot.isEmpty()
                || !Files.exists(mark)
                || !Files.readString(mark).strip().equals(boot);
    }

    private static void forget(Path undo) throws IOException {
        if (Files.isDirectory(undo)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(undo)) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String bootId() throws IOException {
        return Files.exists(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
    }

    /** Where clients reach the volumes. */
    public String servedAt() {
        return server.uri().toString();
    }

    /** Where the control interface listens. */
    public String controlAt() {
        return control.address().getAddress().getHostAddress() + ":"
                + control.address().getPort();
    }

    /**
     * Ends this node in good order, within bounds: a protected primary hands over, one that is alone flushes, a secondary tells
     * the primary. What was done is logged.
     */
    public void stop() {
        try {
            log.accept(orders.leave(LEAVE_MAX));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        closeAll(parts);
    }

    private static void closeAll(Deque<Closeable> parts) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "while stopping: {0}", e.toString());
            }
        }
    }

    /** Intervals that are not configured. */
    static final class Timing {
        static final StorageClient.Timeouts STORAGE =
                new StorageClient.Timeouts(Duration.ofSeconds(3), Duration.ofSeconds(15));

        private Timing() {}
    }

    /** Null where nothing is known. */
    static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
