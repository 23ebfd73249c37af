package dev.unwrite.node;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.files.PrivateFiles;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.node.control.ControlServer;
import dev.unwrite.node.peer.PeerConfig;
import dev.unwrite.node.peer.PeerLink;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.BlockSet;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.HostState;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.trace.TraceWriter;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One host: puts the parts together, starts them in order and stops them in the reverse order. */
public final class Node implements Closeable {
    private static final System.Logger LOG = System.getLogger(Node.class.getName());

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Deque<Closeable> parts = new ArrayDeque<>();
    private final Driver driver;
    private final ControlServer control;
    private final NbdServer server;

    private Node(NodeConfig config, Consumer<String> log) throws IOException {
        PrivateFiles.createFolder(config.data());
        lockFolder(config.data());
        ownFolder(config);
        Path trace = config.trace();
        TraceWriter writer = trace == null ? TraceWriter.NONE : TraceWriter.open(trace, config.name());
        parts.push(writer);
        UndoLog undo = UndoLog.open(
                config.data().resolve("undo"),
                UndoOptions.defaults()
                        .withPolicy(config.durable() ? UndoOptions.Policy.DURABLE : UndoOptions.Policy.MEMORY)
                        .withLimitBytes(config.undoLimitBytes()));
        parts.push(undo);
        undo.recovered().torn().ifPresent(torn -> log.accept("the undo log had a torn tail, dropped: " + torn));
        CheckpointStore store = CheckpointStore.open(
                config.data().resolve("checkpoint"),
                config.durable() ? CheckpointStore.Policy.DURABLE : CheckpointStore.Policy.MEMORY,
                config.stateLimitBytes());
        parts.push(store);
        if (!config.durable()) {
            forgetOtherBoot(config, undo, store, log);
        }
        StorageClient storage = StorageClient.of(config.storage(), config.group(), config.name(), Timing.STORAGE);
        parts.push(storage);
        Engine engine = new Engine(started(config, undo, store), writer);
        engine.take(new Action.Restart());
        driver = new Driver(config, engine, storage, undo, store, writer.active(), log);
        PeerLink link = PeerLink.open(
                new PeerConfig(
                        config.group(),
                        config.name(),
                        null,
                        config.listen().resolve(),
                        () -> config.peer().resolve()),
                driver);
        parts.push(link::close);
        driver.start(link);
        parts.push(driver);
        server = NbdServer.builder()
                .listen(config.serve())
                .exports(new ServedVolumes(driver.room, config.machine() == NodeConfig.MachineKind.NONE))
                .start();
        parts.push(server);
        driver.room.servedBy(server);
        control = ControlServer.open(config.control().resolve(), new NodeControl(config, driver));
        parts.push(control::close);
    }

    /** Starts a node. Throws with one line where something it needs cannot be had. */
    public static Node start(NodeConfig config, Consumer<String> log) throws IOException {
        return new Node(config, log);
    }

    private void lockFolder(Path data) throws IOException {
        FileChannel channel =
                FileChannel.open(data.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock();
        if (lock == null) {
            channel.close();
            throw new IOException(
                    "the data folder " + data + " is in use by another node; give each node its own --data");
        }
        parts.push(channel);
    }

    /** Copies and checkpoints of another host, or of another group, must never be taken for one's own. */
    private static void ownFolder(NodeConfig config) throws IOException {
        Path file = config.data().resolve("host");
        String own = config.name() + " of group " + config.group();
        String found = Files.exists(file) ? Files.readString(file).strip() : "";
        if (found.isEmpty()) {
            Files.writeString(file, own + "\n");
        } else if (!found.equals(own)) {
            throw new IOException("the data folder " + config.data() + " belongs to node " + found + ", not to node "
                    + own + "; give each node its own --data");
        }
    }

    /**
     * Under the policy {@code memory} nothing was synced: after a restart of the operating system the copies may have
     * gaps that nobody can see, so all of it is forgotten, and this host takes over nothing that it no longer holds.
     */
    private static void forgetOtherBoot(NodeConfig config, UndoLog undo, CheckpointStore store, Consumer<String> log)
            throws IOException {
        Path mark = config.data().resolve("boot-id");
        String boot = Files.exists(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
        if (boot.isEmpty()
                || !Files.exists(mark)
                || !Files.readString(mark).strip().equals(boot)) {
            if (store.committed().isPresent()) {
                log.accept("--ack memory: the operating system was restarted, the mirrored state is forgotten");
            }
            store.discard();
            undo.discardAll().join();
            Files.writeString(mark, boot);
        }
    }

    /** What local storage holds: copies that do not belong to the committed checkpoint do not count. */
    private static HostState started(NodeConfig config, UndoLog undo, CheckpointStore store) {
        Checkpoint checkpoint =
                store.committed().map(c -> new Checkpoint(c.term(), c.epoch())).orElse(null);
        NavigableMap<CopyKey, Blocks> copies = new TreeMap<>();
        for (UndoLog.EpochInfo epoch : undo.epochs()) {
            CopyKey key = new CopyKey(epoch.epoch().term(), epoch.epoch().epoch());
            if (checkpoint == null || (key.term() == checkpoint.term() && key.epoch() >= checkpoint.epoch())) {
                copies.put(key, blocks(epoch.blocks()));
            }
        }
        return HostState.started(config.name(), "", copies, checkpoint);
    }

    private static Blocks blocks(Map<Integer, BlockSet> byVolume) {
        List<BlockSet> volumes = new ArrayList<>();
        new TreeMap<>(byVolume).forEach((volume, set) -> {
            while (volumes.size() < volume) {
                volumes.add(BlockSet.EMPTY);
            }
            volumes.add(set);
        });
        while (!volumes.isEmpty() && volumes.getLast().isEmpty()) {
            volumes.removeLast();
        }
        return new Blocks(volumes);
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

    @Override
    public void close() {
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
