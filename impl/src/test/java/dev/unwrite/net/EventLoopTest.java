package dev.unwrite.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One thread, one event after the other. */
@Timeout(30)
class EventLoopTest {
    private static final long NEVER = Duration.ofDays(1).toNanos();

    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
    private final EventLoop loop = new EventLoop("test", said::add);

    @AfterEach
    void close() {
        loop.close();
    }

    private void start() {
        loop.start(() -> {}, now -> {}, () -> System.nanoTime() + NEVER);
    }

    @Test
    void eventsRunInTheirOrderOnOneThread() throws Exception {
        List<Integer> seen = new ArrayList<>();
        CompletableFuture<Thread> first = loop.call(Thread::currentThread);
        for (int i = 0; i < 2000; i++) {
            int number = i;
            loop.post(() -> seen.add(number));
        }
        start();
        assertThat(loop.call(Thread::currentThread).get()).isSameAs(first.get());
        assertThat(seen).hasSize(2000).isSorted();
    }

    @Test
    void whoPostsWakesIt() throws Exception {
        start();
        for (int i = 0; i < 1000; i++) {
            assertThat(loop.call(() -> 7).get(10, TimeUnit.SECONDS)).isEqualTo(7);
        }
    }

    @Test
    void eachTurnBeginsWithTheTimeAndEndsWithWhatIsDue() throws Exception {
        List<String> seen = new ArrayList<>();
        CountDownLatch waited = new CountDownLatch(1);
        boolean[] due = new boolean[1];
        loop.start(() -> seen.add("begin"), now -> seen.add("now"), () -> {
            seen.add("tick");
            if (due[0]) {
                waited.countDown();
                return System.nanoTime() + NEVER;
            }
            due[0] = true;
            return System.nanoTime() + 20_000_000;
        });
        assertThat(waited.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(loop.call(() -> List.copyOf(seen)).get()).startsWith("now", "begin", "tick", "now", "tick");
    }

    @Test
    void anEventThatFailsIsSaidAndTheLoopGoesOn() throws Exception {
        start();
        loop.post(() -> {
            throw new IllegalStateException("oops");
        });
        assertThat(loop.call(() -> 1).get()).isEqualTo(1);
        assertThat(said.take()).isEqualTo("trouble: java.lang.IllegalStateException: oops");
        assertThat(loop.call(() -> {
                    throw new IllegalStateException("its caller's");
                }))
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withMessageContaining("its caller's");
        assertThat(said).isEmpty();
    }

    @Test
    void nothingRunsOnceItIsClosed() {
        start();
        loop.close();
        loop.post(() -> said.add("ran"));
        loop.close();
        assertThat(said).isEmpty();
    }
}
