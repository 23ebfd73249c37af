package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A guest that does not run though it should is tried again, and never while it is to stand still. */
@Timeout(60)
class GuestRunTest {
    private static final String DISK = "a disk fails";

    private final HoldingHost host = new HoldingHost();
    private final List<String> orders = new CopyOnWriteArrayList<>();
    private volatile String error = "";
    private volatile boolean diskFails;
    private volatile boolean failsWhileAsked;
    private volatile boolean running;
    private final GuestRun run = new GuestRun(host, new Fake(), Duration.ofMillis(2));

    private final class Fake implements GuestRun.Guest {
        @Override
        public void stop() {
            orders.add("stop");
            running = false;
        }

        @Override
        public void cont() throws IOException {
            orders.add("cont");
            if (!error.isEmpty()) {
                throw new IOException(error);
            }
            running = true;
            if (diskFails) {
                ioError();
            }
        }

        @Override
        public boolean runs() {
            boolean then = running;
            if (then && failsWhileAsked) {
                failsWhileAsked = false;
                ioError();
            }
            return then;
        }
    }

    /** As QEMU has it: what it says comes first. */
    private void ioError() {
        run.stands(DISK);
        running = false;
    }

    /** Besides what it does by itself. */
    private void lookOften() {
        for (int i = 0; i < 10; i++) {
            run.look();
        }
    }

    @AfterEach
    void close() {
        run.close();
    }

    @Test
    void aGuestThatRunsIsLeftAlone() {
        run.go();
        lookOften();
        assertThat(orders).containsExactly("cont");
        assertThat(host.failures()).isEmpty();
    }

    @Test
    void aDiskThatFailsIsTriedUntilItIsWell() {
        run.go();
        diskFails = true;
        ioError();
        await().until(() -> orders.size() > 5);
        assertThat(host.failures()).containsOnly("stands: " + DISK);
        diskFails = false;
        await().until(() -> host.failures().getLast().equals("goes on"));
        assertThat(running).isTrue();
        assertThat(orders).containsOnly("cont");
        assertThat(host.failures()).containsOnlyOnce("goes on");
    }

    @Test
    void anErrorThatComesWhileItIsLookedAtCounts() {
        run.go();
        failsWhileAsked = true;
        ioError();
        await().until(() -> host.failures().getLast().equals("goes on"));
        assertThat(running).isTrue();
        assertThat(host.failures()).containsExactly("stands: " + DISK, "stands: " + DISK, "goes on");
    }

    @Test
    void aGuestThatDoesNotBeginIsTriedAgain() {
        error = "QEMU refused cont";
        run.go();
        assertThat(host.failures()).containsOnly("stands: QEMU refused cont");
        await().until(() -> orders.size() > 3);
        error = "";
        await().until(() -> host.failures().getLast().equals("goes on"));
        assertThat(running).isTrue();
    }

    /** Otherwise it would write while a checkpoint is taken of it. */
    @Test
    void whileACheckpointIsTakenNothingIsTried() throws Exception {
        run.go();
        diskFails = true;
        ioError();
        run.pause();
        int before = orders.size();
        lookOften();
        assertThat(orders).hasSize(before).last().isEqualTo("stop");
        assertThat(running).isFalse();
        diskFails = false;
        run.go();
        await().until(() -> host.failures().getLast().equals("goes on"));
        assertThat(orders).hasSize(before + 1);
    }

    @Test
    void onceItIsClosedNothingIsTried() {
        run.go();
        run.close();
        ioError();
        lookOften();
        assertThat(orders).containsExactly("cont");
    }
}
