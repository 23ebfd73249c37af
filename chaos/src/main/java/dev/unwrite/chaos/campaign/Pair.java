package dev.unwrite.chaos.campaign;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.NodeClient;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.fault.Wire;
import dev.unwrite.chaos.stage.Place;
import dev.unwrite.chaos.stage.Stage;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Storage, two hosts and clients on a {@link Stage}: what runs where, with which arguments. Thread-safe. */
public final class Pair implements Closeable {
    private static final String GROUP = "bank";
    private static final String VOLUME = "disk";
    /** Little more than a ledger needs: a copy of all of it is made at each cut. */
    static final long VOLUME_BYTES = 1L << 20;

    private static final int STORAGE_PORT = 10809;
    private static final int PEER_PORT = 7000;
    private static final int CONTROL_PORT = 8000;
    private static final int NBD_PORT = 10810;
    private static final int LEDGER_PORT = 9000;
    private static final int UNDO_LIMIT_MIB = 64;
    private static final Duration STORAGE_START_MAX = Duration.ofSeconds(30);
    private static final Duration LOOK_MAX = Duration.ofSeconds(2);

    private final Stage stage;
    private final Options options;
    private final Map<HostId, NodeClient> controls = new EnumMap<>(HostId.class);
    /** The way to each host for the other one. */
    private final Map<HostId, Wire> wires = new EnumMap<>(HostId.class);

    /** How the nodes run, and what loads them. */
    public record Options(
            LoadKind load,
            Duration checkpointEvery,
            Duration failoverAfter,
            int clients,
            int rate,
            int pipeline,
            long seed) {}

    /** Makes computers and links; nothing runs yet. */
    public Pair(Stage stage, Options options) throws IOException {
        this.stage = stage;
        this.options = options;
        storage();
        for (HostId host : HostId.values()) {
            controls.put(host, new NodeClient(new InetSocketAddress(place(host).address(), CONTROL_PORT)));
            wires.put(
                    host,
                    Wire.open(stage.harness(), new InetSocketAddress(place(host).address(), PEER_PORT)));
            Files.createDirectories(witness(host));
        }
        clients();
        try (RandomAccessFile file = new RandomAccessFile(volume().toFile(), "rw")) {
            file.setLength(VOLUME_BYTES);
        }
        storage().program(storageWords());
        for (HostId host : HostId.values()) {
            place(host).program(nodeWords(host));
        }
    }

    private List<String> storageWords() {
        List<String> words =
                new ArrayList<>(List.of("storage", "--listen", nbd(storage().address(), STORAGE_PORT)));
        words.addAll(List.of("--volume", GROUP + "/" + VOLUME + "=" + volume()));
        words.addAll(List.of("--data", storage().data().resolve("record").toString(), "--trace", traces().toString()));
        return words;
    }

    private List<String> nodeWords(HostId host) {
        String own = place(host).address();
        List<String> words = new ArrayList<>(List.of("node", "--name", host.name()));
        words.addAll(List.of("--data", place(host).data().resolve("node").toString()));
        words.addAll(List.of("--storage", nbd(storage().address(), STORAGE_PORT), "--group", GROUP));
        words.addAll(List.of("--listen", own + ":" + PEER_PORT));
        words.addAll(
                List.of("--peer", stage.harness() + ":" + wire(host.other()).port()));
        words.addAll(List.of("--serve", nbd(own, NBD_PORT), "--control", own + ":" + CONTROL_PORT));
        if (options.load() == LoadKind.LEDGER) {
            words.addAll(List.of("--machine", "ledger", "--ledger", own + ":" + LEDGER_PORT));
            words.addAll(List.of("--checkpoint-every", options.checkpointEvery().toMillis() + "ms"));
        } else {
            // The machine is a client of the volume: only it knows when its state can be handed over.
            words.addAll(List.of("--machine", "none", "--checkpoint-every", "manual"));
        }
        words.addAll(List.of("--failover-after", options.failoverAfter().toMillis() + "ms"));
        words.addAll(List.of("--undo-limit", Integer.toString(UNDO_LIMIT_MIB)));
        words.addAll(List.of(
                "--trace", traces().toString(), "--witness", witness(host).toString()));
        if (host == HostId.A) {
            words.add("--bootstrap");
        }
        if (!Files.exists(place(host).data().resolve("node/node.json"))) {
            // A folder that was emptied is another host's of that name, and has to say so.
            words.add("--replace");
        }
        return words;
    }

    /** The options that every load of the volume has. */
    List<String> volumeWords() {
        List<String> volumes = new ArrayList<>();
        List<String> controlWords = new ArrayList<>();
        for (HostId host : HostId.values()) {
            volumes.add(host + "=" + nbd(place(host).address(), NBD_PORT) + "/" + VOLUME);
            controlWords.add(host + "=" + place(host).address() + ":" + CONTROL_PORT);
        }
        return List.of(
                "--volumes",
                String.join(",", volumes),
                "--controls",
                String.join(",", controlWords),
                "--history",
                history().toString(),
                "--blocks",
                Long.toString(VOLUME_BYTES / Extent.BLOCK_BYTES),
                "--seed",
                Long.toString(options.seed()));
    }

    private static String nbd(String address, int port) {
        return "nbd://" + address + ":" + port;
    }

    /** Where the shared storage runs. */
    public Place storage() {
        return stage.place("storage");
    }

    /** Where a host runs. */
    public Place place(HostId host) {
        return stage.place(host.name());
    }

    /** Where the clients run. */
    public Place clients() {
        return stage.place("clients");
    }

    /** The way on which the other host reaches this one. */
    public Wire wire(HostId host) {
        return Objects.requireNonNull(wires.get(host));
    }

    /** What the hosts see as each other's address. */
    public String harness() {
        return stage.harness();
    }

    /** How a node is. */
    public SeenStatus status(HostId host) {
        return Objects.requireNonNull(controls.get(host)).status();
    }

    /** Asks a node for something and waits for its answer. */
    public JsonNode post(HostId host, String what, Duration within) throws IOException {
        return Objects.requireNonNull(controls.get(host)).post(what, within);
    }

    /** Starts the storage and waits until it accepts connections. */
    public void startStorage() {
        storage().start();
        awaitStorage();
    }

    /** Waits until it does. */
    void awaitStorage() {
        Await.until(
                "the storage to listen",
                STORAGE_START_MAX,
                this::listens,
                () -> "see " + storage().log());
    }

    private Optional<Boolean> listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(storage().address(), STORAGE_PORT), 500);
            return Optional.of(true);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** What the storage answers to somebody who reads, where that is an error; empty where all is well or nobody answers. */
    public String storageError() {
        NbdUri uri = NbdUri.parse(nbd(storage().address(), STORAGE_PORT) + "/" + GROUP + "/" + VOLUME);
        NbdClient.Settings settings =
                NbdClient.Settings.DEFAULT.withConnectTimeout(LOOK_MAX).withRequestTimeout(LOOK_MAX);
        try (NbdClient client = NbdClient.connect(uri, settings)) {
            client.read(0, ByteBuffer.allocate(Extent.BLOCK_BYTES));
            return "";
        } catch (NbdException e) {
            return String.valueOf(e.getMessage());
        } catch (IOException e) {
            return "";
        }
    }

    /** Where the ledger answers, whichever host runs it. */
    public List<InetSocketAddress> ledgerServers() {
        List<InetSocketAddress> servers = new ArrayList<>();
        for (HostId host : HostId.values()) {
            servers.add(new InetSocketAddress(place(host).address(), LEDGER_PORT));
        }
        return servers;
    }

    /** The file behind the shared volume, on the storage's own disk. */
    public Path volume() {
        return storage().data().resolve("disk.img");
    }

    /** Where a node without a machine of its own puts the state that a takeover hands back; it need not exist. */
    Path state(HostId host) {
        return place(host).data().resolve("node").resolve(NoMachine.STATE);
    }

    /** What everybody on the stage can see, and nobody loses. */
    Path witness() {
        return stage.dir().resolve("witness");
    }

    /** Copies of the volume. */
    public Path witness(HostId host) {
        return witness().resolve(host.name());
    }

    /** The traces of all. */
    public Path traces() {
        return stage.dir().resolve("trace");
    }

    /** What the clients were told. */
    public Path history() {
        return stage.dir().resolve("log").resolve("history.ndjson");
    }

    /** How it runs. */
    public Options options() {
        return options;
    }

    @Override
    public void close() {
        controls.values().forEach(NodeClient::close);
        wires.values().forEach(Wire::close);
    }
}
