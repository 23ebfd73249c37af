package dev.unwrite.chaos.volume;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The machine that a pair with {@code --machine none} protects: it writes the volume at whichever host serves it, asks for
 * checkpoints, and after each takeover reads the whole volume before it writes on. One thread runs {@link #run}.
 */
final class VolumeClient implements Closeable {
    private static final String NAME = "machine";
    private static final Duration CONNECT_MAX = Duration.ofMillis(800);
    /** A host that stands still looks like this; longer than a storage that stands still for a while. */
    private static final Duration REQUEST_MAX = Duration.ofSeconds(4);

    private static final Duration CHECKPOINT_MAX = Duration.ofSeconds(2);
    private static final Duration FAILOVER_MAX = Duration.ofSeconds(5);
    private static final long QUIET_MAX_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 25;
    private static final int ASK_FAILOVER_PERCENT = 50;
    private static final int QUIET_PERCENT = 50;
    private static final int LOOK_BACK_PERCENT = 12;

    private final Settings settings;
    private final Recorder recorder;
    private final Traffic traffic = new Traffic();
    private final Controls hosts;
    private final List<Thread> writers = new ArrayList<>();
    private final AtomicLong seqs = new AtomicLong(1);
    private final AtomicLong checkpoints = new AtomicLong();
    private final Random chance;
    private volatile boolean stopping;
    private long term;

    /**
     * How to load.
     *
     * @param volumes where each host serves the volume while it is primary
     * @param blocks of the volume
     * @param rate writes a second of all writers together
     * @param checkpointEvery between two checkpoints, on average
     */
    record Settings(
            Map<HostId, NbdUri> volumes,
            Map<HostId, InetSocketAddress> controls,
            int blocks,
            int writers,
            int rate,
            Duration checkpointEvery,
            long seed) {}

    VolumeClient(Settings settings, Recorder recorder) {
        this.settings = settings;
        this.recorder = recorder;
        this.chance = new Random(settings.seed());
        this.hosts = new Controls(settings.controls());
        int cells = settings.blocks() * VolumeCell.PER_BLOCK;
        int share = cells / 2 / settings.writers();
        Writer.Cells shared = new Writer.Cells(share * settings.writers(), cells - share * settings.writers());
        long everyNanos = 1_000_000_000L * settings.writers() / settings.rate();
        for (int i = 0; i < settings.writers(); i++) {
            Writer.Cells own = new Writer.Cells(i * share, share);
            Writer writer =
                    new Writer(i, own, shared, everyNanos, settings.seed(), traffic, recorder, seqs, checkpoints);
            writers.add(Thread.ofPlatform().daemon().name("writer-" + i).start(writer));
        }
    }

    /** Until {@link #stop}; returns when the volume was read a last time, or could not be in {@code endMax}. */
    void run(Duration endMax) throws InterruptedException {
        VolumeSession session = null;
        while (!stopping) {
            if (session == null) {
                session = connect(Kind.READ);
                continue;
            }
            traffic.open(session);
            work(session);
            traffic.hold();
            session.close();
            session = null;
        }
        traffic.hold();
        traffic.awaitQuiet(QUIET_MAX_MILLIS);
        long deadline = System.nanoTime() + endMax.toNanos();
        while (System.nanoTime() - deadline < 0) {
            VolumeSession last = connect(Kind.END);
            if (last != null) {
                last.close();
                return;
            }
        }
    }

    void stop() {
        stopping = true;
    }

    /** Looks for a host that serves, reads all there is, and notes it; null where there is none yet. */
    private @Nullable VolumeSession connect(Kind kind) throws InterruptedException {
        long lostAt = System.nanoTime();
        long askAfter = chance.nextInt(100) < ASK_FAILOVER_PERCENT && term > 0
                ? chance.nextLong(settings.checkpointEvery().toNanos() * 6 + 1)
                : Long.MAX_VALUE;
        while (!stopping || kind == Kind.END) {
            for (HostId host : HostId.values()) {
                VolumeSession session = open(host, kind);
                if (session != null) {
                    return session;
                }
            }
            if (System.nanoTime() - lostAt > askAfter) {
                askAfter = Long.MAX_VALUE;
                askForFailover();
            }
            if (kind == Kind.END) {
                return null;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return null;
    }

    private @Nullable VolumeSession open(HostId host, Kind kind) {
        SeenStatus before = hosts.status(host);
        // One that is behind does not know yet that it is primary no longer.
        if (!before.isPrimary() || before.term() < term) {
            return null;
        }
        NbdClient volume;
        try {
            volume = NbdClient.connect(
                    Objects.requireNonNull(settings.volumes().get(host)),
                    NbdClient.Settings.DEFAULT.withConnectTimeout(CONNECT_MAX).withRequestTimeout(REQUEST_MAX));
        } catch (IOException e) {
            return null;
        }
        VolumeSession session = new VolumeSession(host, before.term(), volume);
        if (!look(session, kind)) {
            session.close();
            return null;
        }
        term = before.term();
        return session;
    }

    /** Reads the volume while nothing is written; false where it was not all in one life of the machine. */
    private boolean look(VolumeSession session, Kind kind) {
        Asked asked = new Asked(kind, NAME, session.host().name(), session.term());
        ByteBuffer bytes = ByteBuffer.allocate(settings.blocks() * Extent.BLOCK_BYTES);
        try {
            session.volume().read(0, bytes);
        } catch (IOException e) {
            return false;
        }
        SeenStatus after = hosts.status(session.host());
        if (!after.isPrimary() || after.term() != session.term()) {
            return false;
        }
        bytes.flip();
        List<Long> values = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (int cell = 0; cell < settings.blocks() * VolumeCell.PER_BLOCK; cell++) {
            VolumeCell.Found found = VolumeCell.read(cell, bytes);
            values.add(found.seq());
            if (!found.wrong().isEmpty()) {
                wrong.add(found.wrong());
            }
        }
        asked.values = values;
        asked.wrong = wrong;
        recorder.add(asked.ended(Outcome.OK, null));
        return true;
    }

    /** As long as the session is good for anything. */
    private void work(VolumeSession session) throws InterruptedException {
        while (!stopping && session.isOpen()) {
            long every = settings.checkpointEvery().toMillis();
            long until = System.nanoTime() + (every / 2 + chance.nextLong(every + 1)) * 1_000_000;
            while (System.nanoTime() - until < 0 && !stopping && session.isOpen()) {
                Thread.sleep(LOOK_MILLIS);
            }
            SeenStatus other = hosts.status(session.host().other());
            if (other.isPrimary() && other.term() > session.term()) {
                return;
            }
            if (session.isOpen() && !stopping) {
                checkpoint(session);
            }
        }
    }

    private void checkpoint(VolumeSession session) throws InterruptedException {
        boolean quiet = chance.nextInt(100) < QUIET_PERCENT;
        if (quiet) {
            traffic.hold();
            quiet = traffic.awaitQuiet(QUIET_MAX_MILLIS);
        }
        if (quiet && chance.nextInt(100) < LOOK_BACK_PERCENT && !look(session, Kind.READ)) {
            session.close();
            return;
        }
        Asked asked = new Asked(Kind.CHECKPOINT, NAME, session.host().name(), session.term());
        asked.seq = checkpoints.incrementAndGet();
        asked.quiet = quiet;
        String line = VolumeState.line(asked.seq, seqs.get());
        byte[] state = VolumeState.whole(line, asked.seq).getBytes(StandardCharsets.UTF_8);
        asked.state = line;
        try {
            JsonNode answer = hosts.of(session.host()).checkpoint(state, CHECKPOINT_MAX);
            asked.epoch = answer.path("epoch").asLong();
            recorder.add(asked.ended(Outcome.OK, null));
        } catch (IOException e) {
            // Even one that was refused may have handed its state over, and one without an answer may come about.
            recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
        }
        traffic.open(session);
    }

    /** Tells the host that could take over that the primary is lost, as an operator would; it may be wrong about that. */
    private void askForFailover() {
        for (HostId host : HostId.values()) {
            SeenStatus status = hosts.status(host);
            if (status.role().equals("secondary") && status.mode().equals("protected")) {
                Asked asked = new Asked(Kind.FAILOVER, NAME, host.name(), status.term());
                try {
                    asked.epoch = hosts.of(host)
                            .post("failover", FAILOVER_MAX)
                            .path("epoch")
                            .asLong();
                    recorder.add(asked.ended(Outcome.OK, null));
                } catch (IOException e) {
                    recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
                }
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        traffic.stop();
        for (Thread writer : writers) {
            try {
                // A request that is on the way ends in this time, one way or the other.
                writer.join(REQUEST_MAX.plus(CONNECT_MAX));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        hosts.close();
    }
}
