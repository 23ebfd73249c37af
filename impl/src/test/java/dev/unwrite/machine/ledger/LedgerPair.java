package dev.unwrite.machine.ledger;

import dev.unwrite.machine.Machine;
import dev.unwrite.node.FreePorts;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Two addresses of which one has the ledger, with checkpoints and failovers as a pair of nodes would make them. */
public final class LedgerPair implements AutoCloseable {
    private final LedgerConfig config;
    private final List<InetSocketAddress> addresses = List.of(freeAddress(), freeAddress());
    private final List<String> failures = new ArrayList<>();
    private int current;
    private boolean replyAtCheckpoint;
    private @Nullable FakeHost host;
    private @Nullable MemoryDevice device;
    private @Nullable LedgerMachine machine;
    private byte[] state = new byte[0];
    private byte[] disk = new byte[0];
    private volatile boolean closed;

    /** The ledger gets this shape. */
    public LedgerPair(LedgerConfig config) {
        this.config = config;
    }

    /** Where the ledger may be. */
    public List<InetSocketAddress> addresses() {
        return addresses;
    }

    /** What the machines told their hosts. */
    public synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** Cold start at the first address, with a first checkpoint. */
    public synchronized void start() throws IOException {
        begin(new MemoryDevice(300L * LedgerVolume.PAGE));
        Objects.requireNonNull(machine).coldStart();
        checkpoint();
    }

    /** A checkpoint now. */
    public synchronized void checkpoint() throws IOException {
        LedgerMachine running = Objects.requireNonNull(machine);
        running.pause();
        try (Machine.Flat saved = running.save(1, 0)) {
            state = saved.open().readAllBytes();
            disk = Objects.requireNonNull(device).snapshot();
            if (replyAtCheckpoint) {
                Objects.requireNonNull(host).release();
            }
        } finally {
            running.unpause();
        }
    }

    /** From now on the current host holds all replies and never releases them. */
    public synchronized void holdReplies() {
        Objects.requireNonNull(host).holding();
    }

    /** From now on replies leave at checkpoints only, and there is one every few milliseconds (rule HoldOutput). */
    public synchronized void checkpointBeforeReplies() {
        replyAtCheckpoint = true;
        Objects.requireNonNull(host).holding();
        Thread.ofVirtual().start(this::checkpointOnAndOn);
    }

    /** The current host is lost with all it holds; the other one resumes disk and state of the last checkpoint. */
    public synchronized void failOver() throws IOException {
        Objects.requireNonNull(host).drop();
        Objects.requireNonNull(machine).close();
        Objects.requireNonNull(host).drop();
        failures.addAll(Objects.requireNonNull(host).failures());
        current = 1 - current;
        begin(new MemoryDevice(disk));
        Objects.requireNonNull(machine).resume(new ByteArrayInputStream(state));
    }

    @Override
    public void close() {
        closed = true;
        synchronized (this) {
            if (machine != null) {
                machine.close();
            }
        }
    }

    private void begin(MemoryDevice next) {
        device = next;
        FakeHost nextHost = new FakeHost(next);
        host = replyAtCheckpoint ? nextHost.holding() : nextHost;
        machine = new LedgerMachine(nextHost, addresses.get(current), config);
    }

    private void checkpointOnAndOn() {
        try {
            while (!closed) {
                checkpoint();
                Thread.sleep(5);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static InetSocketAddress freeAddress() {
        return new InetSocketAddress(
                InetAddress.getLoopbackAddress(), FreePorts.take(1).getFirst());
    }
}
