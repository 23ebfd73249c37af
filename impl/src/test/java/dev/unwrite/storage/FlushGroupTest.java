package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class FlushGroupTest {
    @Test
    void whoComesWhileAFlushRunsWaitsForTheNextAndSharesIt() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        FlushGroup group = new FlushGroup(() -> {
            if (runs.incrementAndGet() == 1) {
                started.countDown();
                await(goOn);
            }
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> first = threads.submit(() -> flush(group));
            started.await();
            List<Thread> waiting = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                waiting.add(Thread.ofPlatform().start(() -> flush(group)));
            }
            Awaitility.await().until(() -> waiting.stream().allMatch(t -> t.getState() == Thread.State.WAITING));
            assertThat(runs).hasValue(1);
            goOn.countDown();
            first.get();
            for (Thread thread : waiting) {
                thread.join();
            }
            assertThat(runs).hasValue(2);
        }
    }

    @Test
    void aFailedFlushIsNeverForgotten() {
        AtomicInteger runs = new AtomicInteger();
        FlushGroup group = new FlushGroup(() -> {
            if (runs.incrementAndGet() == 1) {
                throw new IOException("disk on fire");
            }
        });
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(group::flush)
                    .isInstanceOfSatisfying(
                            NbdException.class, e -> assertThat(e.error()).isEqualTo(NbdError.EIO))
                    .hasMessageContaining("disk on fire");
        }
        assertThatThrownBy(group::check).isInstanceOf(NbdException.class);
        assertThat(runs).hasValue(1);
    }

    private static void flush(FlushGroup group) {
        try {
            group.flush();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
