package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets in, and who waits. */
@Timeout(30)
class GateTest {
    private final Gate gate = new Gate();
    private final ExecutorService others = Executors.newCachedThreadPool();

    @AfterEach
    void end() {
        others.shutdownNow();
    }

    /** Starts something that waits, and returns when its thread does. */
    private <T> Future<T> waiting(Callable<T> what) {
        Thread[] thread = new Thread[1];
        Future<T> future = others.submit(() -> {
            thread[0] = Thread.currentThread();
            return what.call();
        });
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> thread[0] != null && thread[0].getState() == Thread.State.WAITING);
        assertThat(future).isNotDone();
        return future;
    }

    @Test
    void isClosedAtFirst() throws Exception {
        Future<Boolean> writer = waiting(gate::enter);
        gate.open();
        assertThat(writer.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void closingWaitsForThoseInside() throws Exception {
        gate.open();
        assertThat(gate.enter()).isTrue();
        assertThat(gate.enter()).isTrue();
        Future<Boolean> closing = waiting(gate::close);
        gate.exit();
        assertThat(closing).isNotDone();
        Future<Boolean> late = waiting(gate::enter);
        gate.exit();
        assertThat(closing.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(late).isNotDone();
        gate.open();
        assertThat(late.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void breakingUpSendsEverybodyAway() throws Exception {
        gate.open();
        assertThat(gate.enter()).isTrue();
        Future<Boolean> closing = waiting(gate::close);
        Future<Boolean> late = waiting(gate::enter);
        gate.breakUp();
        assertThat(closing.get(10, TimeUnit.SECONDS)).isFalse();
        assertThat(late.get(10, TimeUnit.SECONDS)).isFalse();
        assertThat(gate.enter()).isFalse();
    }

    @Test
    void aMendedGateIsClosedAndStillCountsThoseInside() throws Exception {
        gate.open();
        assertThat(gate.enter()).isTrue();
        gate.breakUp();
        gate.mend();
        Future<Boolean> late = waiting(gate::enter);
        Future<Boolean> closing = waiting(gate::close);
        gate.exit();
        assertThat(closing.get(10, TimeUnit.SECONDS)).isTrue();
        gate.open();
        assertThat(late.get(10, TimeUnit.SECONDS)).isTrue();
    }
}
