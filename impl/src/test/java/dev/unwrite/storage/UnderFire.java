package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.nbd.NbdException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Many threads write while something happens that ends their right to. */
final class UnderFire {
    /** Stands for the end of a writer whom nothing stopped. */
    private static final int NOT_FENCED = -1;

    private static final long FENCED_MAX_SECONDS = 20;

    private UnderFire() {}

    interface Write {
        void block(int block) throws IOException;
    }

    interface Action {
        void run() throws Exception;
    }

    /** Runs the action while so many threads write the blocks round and round; each of them must end with that error. */
    static void run(int writers, int blocks, Write write, int error, Action action) throws Exception {
        CountDownLatch warm = new CountDownLatch(writers);
        AtomicInteger applied = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> ends = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                int first = i;
                ends.add(threads.submit(() -> {
                    for (int block = first; !over.get(); block = (block + 1) % blocks) {
                        try {
                            write.block(block);
                            applied.incrementAndGet();
                        } catch (NbdException e) {
                            return e.error();
                        } finally {
                            warm.countDown();
                        }
                    }
                    return NOT_FENCED;
                }));
            }
            try {
                warm.await();
                action.run();
                int after = applied.get();
                for (Future<Integer> end : ends) {
                    assertThat(end.get(FENCED_MAX_SECONDS, TimeUnit.SECONDS)).isEqualTo(error);
                }
                assertThat(after).isPositive();
            } finally {
                over.set(true);
            }
        }
    }
}
