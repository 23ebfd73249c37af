package dev.unwrite.chaos.volume;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent.Kind;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A machine whose disk is in the hands of fio: pass after pass over the whole volume, each followed by a flush and by a
 * checkpoint by command whose state is the number of the pass. After each takeover fio verifies the pass that the state names,
 * before anything is written. A pass begins only while the pair is protected, so that what a join cuts is mostly a whole one.
 * One thread runs {@link #run}.
 */
final class FioClient implements Closeable {
    private static final String NAME = "fio";
    private static final Duration CONNECT_MAX = Duration.ofMillis(800);
    private static final Duration REQUEST_MAX = Duration.ofSeconds(4);
    private static final Duration CHECKPOINT_MAX = Duration.ofSeconds(2);
    /** A primary that stands still for that long without another one is waited for. */
    private static final long SILENT_MAX_NANOS = 4_000_000_000L;

    private static final long LOOK_MILLIS = 25;
    private static final long AGAIN_MILLIS = 100;
    private static final int RATE_MIN = 64;
    private static final int RATE_MAX = 256;
    private static final int LOOK_BACK_PERCENT = 30;
    /** The volume holds no pass as a whole, or nobody knows which. */
    private static final long NONE = -1;

    private final Settings settings;
    private final Recorder recorder;
    private final Fio fio;
    private final Controls hosts;
    private final Random chance;
    private volatile boolean stopping;
    /** The last life of the machine that was verified. */
    private long term;
    /** A life in which a fio was killed: what it sent last may still be on its way, and hit what is written later. */
    private long spoiledTerm;
    /** The last pass that was begun; no two have the same number. */
    private long pass;
    /** What the volume holds. */
    private long whole = NONE;

    /**
     * How to load.
     *
     * @param volumes where each host serves the volume while it is primary
     * @param states where the line of the state that was handed back appears, as a file whose name is the term
     * @param blocks of the volume
     */
    record Settings(
            Map<HostId, NbdUri> volumes, Map<HostId, InetSocketAddress> controls, Path states, int blocks, long seed) {}

    /** A host that is primary, and the term in which it is. */
    private record Life(HostId host, long term) {}

    FioClient(Settings settings, Recorder recorder) {
        this.settings = settings;
        this.recorder = recorder;
        this.fio = new Fio(settings.blocks());
        this.chance = new Random(settings.seed());
        this.hosts = new Controls(settings.controls());
    }

    /** Until {@link #stop}; returns when the volume was verified a last time, or could not be in {@code endMax}. */
    void run(Duration endMax) throws InterruptedException {
        while (!stopping) {
            Life life = find();
            if (life != null && begin(life) && life.term() != spoiledTerm) {
                work(life);
            }
            Thread.sleep(LOOK_MILLIS);
        }
        long deadline = System.nanoTime() + endMax.toNanos();
        while (System.nanoTime() - deadline < 0) {
            Life life = find();
            if (life != null && begin(life) && end(life)) {
                return;
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    void stop() {
        stopping = true;
    }

    private @Nullable Life find() {
        for (HostId host : HostId.values()) {
            SeenStatus status = hosts.status(host);
            // One that is behind does not know yet that it is primary no longer.
            if (status.isPrimary() && status.term() >= term) {
                return new Life(host, status.term());
            }
        }
        return null;
    }

    /** A new life begins with what it was given back; false while nobody could tell whether that is right. */
    private boolean begin(Life life) throws InterruptedException {
        if (life.term() == term) {
            return true;
        }
        String line;
        try {
            line = Files.readString(settings.states().resolve(Long.toString(life.term())));
        } catch (IOException e) {
            return false; // Not yet.
        }
        long given = VolumeState.numberOf(line);
        Asked asked = asked(Kind.READ, life, given);
        asked.state = line;
        if (given < 0) {
            asked.wrong = List.of("the state that was handed back is " + line);
            recorder.add(asked.ended(Outcome.FAIL, null));
            whole = NONE;
        } else {
            Outcome outcome = verify(asked, life, given);
            if (outcome == Outcome.INFO) {
                return false;
            }
            whole = outcome == Outcome.OK ? given : NONE;
        }
        term = life.term();
        return true;
    }

    /** As long as the life lasts, or until something fails. */
    private void work(Life life) throws InterruptedException {
        while (!stopping) {
            if (!awaitProtected(life) || !write(life, RATE_MIN + chance.nextInt(RATE_MAX - RATE_MIN)) || !flush(life)) {
                return;
            }
            // A pass begins only when the one before is known to be committed: so the state says which one is whole.
            while (!checkpoint(life)) {
                Thread.sleep(AGAIN_MILLIS);
                if (!awaitProtected(life)) {
                    return;
                }
            }
            if (chance.nextInt(100) < LOOK_BACK_PERCENT) {
                verify(asked(Kind.READ, life, whole), life, whole);
            }
        }
    }

    private boolean end(Life life) throws InterruptedException {
        if (whole == NONE && (life.term() == spoiledTerm || !write(life, 0) || !flush(life))) {
            return false;
        }
        return verify(asked(Kind.END, life, whole), life, whole) != Outcome.INFO;
    }

    private boolean awaitProtected(Life life) throws InterruptedException {
        BooleanSupplier lasts = lasts(life);
        while (!stopping && lasts.getAsBoolean()) {
            SeenStatus status = hosts.status(life.host());
            if (status.isProtectedPrimary() && status.term() == life.term()) {
                return true;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return false;
    }

    private boolean write(Life life, int rate) throws InterruptedException {
        whole = NONE;
        Asked asked = asked(Kind.WRITE, life, ++pass);
        Fio.Ran ran = fio.write(uri(life), pass, rate, lasts(life));
        if (ran.end() == Fio.End.KILLED) {
            spoiledTerm = life.term();
        }
        boolean ok = ran.end() == Fio.End.OK;
        recorder.add(asked.ended(ok ? Outcome.OK : Outcome.INFO, ok ? null : ran.said()));
        return ok;
    }

    private boolean flush(Life life) {
        Asked asked = asked(Kind.FLUSH, life, pass);
        try (NbdClient volume = NbdClient.connect(
                volume(life),
                NbdClient.Settings.DEFAULT.withConnectTimeout(CONNECT_MAX).withRequestTimeout(REQUEST_MAX))) {
            volume.flush();
        } catch (IOException e) {
            recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
            return false;
        }
        recorder.add(asked.ended(Outcome.OK, null));
        whole = pass;
        return true;
    }

    private boolean checkpoint(Life life) {
        Asked asked = asked(Kind.CHECKPOINT, life, whole);
        asked.quiet = true;
        String line = VolumeState.line(whole, whole + 1);
        asked.state = line;
        try {
            JsonNode answer = hosts.of(life.host())
                    .checkpoint(VolumeState.whole(line, whole).getBytes(StandardCharsets.UTF_8), CHECKPOINT_MAX);
            asked.epoch = answer.path("epoch").asLong();
            recorder.add(asked.ended(Outcome.OK, null));
            return true;
        } catch (IOException e) {
            recorder.add(asked.ended(Outcome.INFO, String.valueOf(e.getMessage())));
            return false;
        }
    }

    /** Ok, fail where a block is not what it should be, info where nobody knows. */
    private Outcome verify(Asked asked, Life life, long expected) throws InterruptedException {
        Fio.Ran ran = fio.verify(uri(life), expected, lasts(life));
        Outcome outcome = switch (ran.end()) {
            case OK -> Outcome.OK;
            case WRONG -> Outcome.FAIL;
            case FAILED, KILLED -> Outcome.INFO;
        };
        String said = ran.said();
        if (outcome != Outcome.INFO && !isIn(life)) {
            outcome = Outcome.INFO;
            said = "the host is primary no longer, so nobody knows which life was read: " + said;
        }
        if (outcome == Outcome.FAIL) {
            asked.wrong = List.of(said);
        }
        recorder.add(asked.ended(outcome, outcome == Outcome.INFO ? said : null));
        return outcome;
    }

    /** Whether it is worth waiting for an answer: until there is another primary, or none for too long. */
    private BooleanSupplier lasts(Life life) {
        long[] heardAt = {System.nanoTime()};
        return () -> {
            SeenStatus own = hosts.status(life.host());
            if (!own.equals(SeenStatus.DOWN)) {
                heardAt[0] = System.nanoTime();
                return own.isPrimary() && own.term() == life.term();
            }
            SeenStatus other = hosts.status(life.host().other());
            boolean replaced = other.isPrimary() && other.term() > life.term();
            return !replaced && System.nanoTime() - heardAt[0] < SILENT_MAX_NANOS;
        };
    }

    /** Whether it is primary in that term still; one that stands still is waited for. */
    private boolean isIn(Life life) throws InterruptedException {
        BooleanSupplier lasts = lasts(life);
        while (lasts.getAsBoolean()) {
            SeenStatus status = hosts.status(life.host());
            if (!status.equals(SeenStatus.DOWN)) {
                return status.isPrimary() && status.term() == life.term();
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return false;
    }

    private Asked asked(Kind kind, Life life, long number) {
        Asked asked = new Asked(kind, NAME, life.host().name(), life.term());
        asked.seq = number;
        asked.count = settings.blocks();
        return asked;
    }

    private NbdUri volume(Life life) {
        return Objects.requireNonNull(settings.volumes().get(life.host()));
    }

    private String uri(Life life) {
        return volume(life).toString();
    }

    @Override
    public void close() {
        hosts.close();
    }
}
