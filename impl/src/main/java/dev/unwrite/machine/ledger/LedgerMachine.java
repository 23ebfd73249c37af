package dev.unwrite.machine.ledger;

import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The machine {@code ledger}: see the package's text for what it does and how. Its data is on the first protected
 * volume. It listens for clients from the end of {@link #coldStart} or {@link #resume} until {@link #close} or a failure.
 */
public final class LedgerMachine implements Machine {
    private final MachineHost host;
    private final InetSocketAddress listen;
    private final LedgerConfig fresh;

    private volatile @Nullable Engine engine;
    private volatile @Nullable LedgerServer server;

    /** A ledger of the default shape; {@code listen} may have port 0. */
    public LedgerMachine(MachineHost host, InetSocketAddress listen) {
        this(host, listen, LedgerConfig.DEFAULT);
    }

    /** {@code fresh} is the shape that an empty volume gets; nothing is opened yet. */
    public LedgerMachine(MachineHost host, InetSocketAddress listen, LedgerConfig fresh) {
        this.host = host;
        this.listen = listen;
        this.fresh = fresh;
    }

    /**
     * Initialises an empty volume, or recovers the ledger that is there. Throws, naming the page, where the volume is
     * too small, holds something else, or is damaged.
     */
    @Override
    public void coldStart() throws IOException {
        ColdStart.Found found = ColdStart.from(volume(), fresh);
        begin(found.ledger(), found.store());
    }

    /**
     * Restores the memory and compares it with the volume, page by page; throws with the page and both values where
     * they are not of the same moment.
     */
    @Override
    public void resume(InputStream state) throws IOException {
        SavedLedger saved = SavedLedger.read(state);
        Store store = new Store(volume(), saved);
        String problem = store.check(saved.ledger());
        if (problem != null) {
            throw new IOException("the volume and the mirrored state are not of the same moment: " + problem);
        }
        begin(saved.ledger(), store);
    }

    /** It works on until its batch is over: what it has written by then is flushed. */
    @Override
    public long pause() throws IOException {
        running().pause();
        return 0;
    }

    @Override
    public Flat save(long epoch, long base) throws IOException {
        return running().save();
    }

    @Override
    public void unpause() {
        running().unpause();
    }

    /** What first disagrees between memory and volume, or null. Only while paused. */
    public @Nullable String selfCheck() throws IOException {
        return running().selfCheck();
    }

    /** Requests that have arrived and wait for their batch. */
    int queued() {
        return running().queued();
    }

    /** Connections of clients. */
    int connections() {
        LedgerServer listening = server;
        return listening == null ? 0 : listening.connections();
    }

    /** Where clients reach the ledger; null while it does not listen. */
    public @Nullable InetSocketAddress address() {
        LedgerServer listening = server;
        return listening == null ? null : listening.address();
    }

    /** Ends the connections and the batch under way; what was not said yet never is. */
    @Override
    public void close() {
        stopListening();
        Engine running = engine;
        if (running != null) {
            running.close();
        }
    }

    private void begin(Ledger ledger, Store store) throws IOException {
        if (engine != null) {
            throw new IllegalStateException("the ledger was started before");
        }
        Engine started = new Engine(ledger, store, host, this::stopListening);
        server = LedgerServer.open(listen, started);
        engine = started;
        started.start();
    }

    private void stopListening() {
        LedgerServer listening = server;
        server = null;
        if (listening != null) {
            listening.close();
        }
    }

    private Engine running() {
        Engine running = engine;
        if (running == null) {
            throw new IllegalStateException("the ledger has not started");
        }
        return running;
    }

    private LedgerVolume volume() throws IOException {
        Iterator<BlockDevice> volumes = host.volumes().values().iterator();
        if (!volumes.hasNext()) {
            throw new IOException("the ledger needs a volume, and its node has none");
        }
        return new LedgerVolume(volumes.next());
    }
}
