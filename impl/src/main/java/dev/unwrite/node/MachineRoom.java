package dev.unwrite.node;

import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.machine.ledger.LedgerMachine;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.protocol.Extent;
import dev.unwrite.storage.StorageClient.VolumeInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the machine runs: its volumes, its gate and its voice. A new machine is made for each time this host runs it. */
final class MachineRoom implements MachineHost {
    private static final System.Logger LOG = System.getLogger(MachineRoom.class.getName());

    private final NodeConfig config;
    private final SessionHolder sessions;
    private final WritePath path;
    private final Gate gate;
    private final Outputs outputs;
    private final UndoBudget budget;
    private volatile Map<String, VolumeFront> volumes = Map.of();
    private volatile @Nullable Machine machine;
    private volatile @Nullable NbdServer server;
    /** How many writes had begun when the state of the machine {@code none} was handed over. */
    private volatile long stateOfWrites = -1;

    private volatile boolean ready;
    private volatile boolean running;
    private volatile @Nullable String failure;

    MachineRoom(
            NodeConfig config, SessionHolder sessions, WritePath path, Gate gate, Outputs outputs, UndoBudget budget) {
        this.config = config;
        this.sessions = sessions;
        this.path = path;
        this.gate = gate;
        this.outputs = outputs;
        this.budget = budget;
    }

    /** The server whose connections end when the machine does. */
    void servedBy(NbdServer nbdServer) {
        server = nbdServer;
    }

    /** Learns the volumes from the storage: before the machine starts, and again with each session, since volumes grow. */
    void prepare(List<VolumeInfo> infos) throws IOException {
        Map<String, VolumeFront> fronts = new LinkedHashMap<>();
        for (VolumeInfo info : infos) {
            if (info.sizeBytes() % Extent.BLOCK_BYTES != 0) {
                throw new IOException("volume " + info.name() + " has " + info.sizeBytes()
                        + " bytes; a protected volume is a multiple of " + Extent.BLOCK_BYTES);
            }
            VolumeFront known = volumes.get(info.name());
            if (known != null && known.id() == info.id()) {
                known.grownTo(info.sizeBytes());
                fronts.put(info.name(), known);
            } else {
                fronts.put(info.name(), new VolumeFront(info.id(), info.sizeBytes(), sessions, path, gate, budget));
            }
        }
        volumes = Collections.unmodifiableMap(fronts);
    }

    /** Starts the machine from a mirrored state; the gate stays closed. */
    void resume(InputStream state) throws IOException {
        gate.mend();
        outputs.open();
        Machine made = make();
        machine = made;
        made.resume(state);
        stateOfWrites = path.begun();
        ready = true;
    }

    /** Whether a machine was resumed, and not stopped since; it need not run yet. */
    boolean isReady() {
        return ready;
    }

    /** Starts the machine from its volumes; the gate is open. */
    void coldStart() throws IOException {
        gate.mend();
        outputs.open();
        gate.open();
        Machine made = make();
        machine = made;
        made.coldStart();
        running = true;
    }

    /** Lets a resumed machine write. */
    void run() {
        gate.open();
        running = true;
    }

    private Machine make() {
        failure = null;
        return switch (config.machine()) {
            case NONE -> new NoMachine(config.data());
            case LEDGER -> new LedgerMachine(this, config.ledger().resolve());
        };
    }

    /** Ends the machine: its writes fail, what it said and was not covered never leaves. */
    void stop() {
        running = false;
        ready = false;
        outputs.drop();
        gate.breakUp();
        path.endAll();
        sessions.clear();
        Machine stopping = machine;
        machine = null;
        try {
            if (stopping != null) {
                stopping.close();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "stopping the machine: {0}", e.toString());
        }
        NbdServer serving = server;
        if (serving != null) {
            serving.connections().forEach(NbdConnection::close);
        }
    }

    /** Holds machine and writes; false if the machine stopped meanwhile. */
    boolean pause() throws IOException, InterruptedException {
        Machine pausing = machine;
        if (pausing == null) {
            return false;
        }
        pausing.pause();
        if (gate.close()) {
            return true;
        }
        pausing.unpause();
        return false;
    }

    /** The opposite of {@link #pause}. */
    void unpause() {
        Machine paused = machine;
        if (paused != null && running) {
            gate.open();
            paused.unpause();
        }
    }

    /** The state of the paused machine; {@code handedOver} for this very moment, if the machine is {@code none}. */
    Machine.Saved save(@Nullable Path handedOver) throws IOException {
        Machine paused = machine;
        if (paused == null) {
            throw new IOException("the machine is stopped");
        }
        if (paused instanceof NoMachine none) {
            // Machine and disk are of one moment: a state goes with the disk for which it was handed over, and no
            // other.
            long now = path.begun();
            if (handedOver != null) {
                stateOfWrites = now;
                return none.save(handedOver);
            }
            if (stateOfWrites != now) {
                none.forget();
            }
        }
        return paused.save();
    }

    /** Takes a state for the machine {@code none}, for the next cut; null if another machine runs here. */
    @Nullable
    Path handOver(InputStream state) throws IOException {
        return machine instanceof NoMachine none ? none.handOver(state) : null;
    }

    /** Whether the machine {@code none} was resumed with a state, and where it is; else null. */
    @Nullable
    Path resumedState() {
        return machine instanceof NoMachine none ? none.resumedState() : null;
    }

    boolean isRunning() {
        return running;
    }

    /** Why the machine cannot go on, or null. */
    @Nullable
    String failure() {
        return failure;
    }

    Map<String, VolumeFront> volumesByName() {
        return volumes;
    }

    String firstVolume() {
        return volumes.isEmpty() ? "" : volumes.keySet().iterator().next();
    }

    @Override
    public Map<String, BlockDevice> volumes() {
        return Collections.unmodifiableMap(volumes);
    }

    @Override
    public void say(Runnable release) {
        outputs.say(release);
    }

    @Override
    public void failed(String why) {
        failure = why;
        LOG.log(System.Logger.Level.ERROR, "the machine cannot go on: {0}", why);
    }
}
