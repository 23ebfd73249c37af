package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ProcessorTest {
    @Test
    void whatIsNeitherIdleNorWaitingForADiskIsBusy() {
        assertThat(Processor.busyTicks("cpu  100 20 3 5000 700 1 2 4 90 9")).isEqualTo(130);
        assertThat(Processor.busyTicks("cpu  100 20 3 5000")).isEqualTo(123);
    }

    @Test
    void theTimeOfAProcessIsThatOfItAndItsChildren() {
        assertThat(Processor.processTicks(
                        "77 (a) name (x) S 1 77 77 0 -1 4194560 5 6 7 8 1000 200 30 4 20 0 29 0 12345 99 88"))
                .isEqualTo(1234);
    }

    @Test
    void whatThisProcessTakesIsNotThatOfOthers() throws Exception {
        Processor watch = Processor.watch();
        long began = System.nanoTime();
        long cpuBegan = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        long sum = 0;
        while (System.nanoTime() - began < 300_000_000L) {
            sum += System.nanoTime() % 7;
        }
        double own = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpuBegan)
                / (double) (System.nanoTime() - began);

        assertThat(sum).isPositive();
        // However busy the machine is, others cannot have had what this thread had. Clocks that tick allow for a little
        // more.
        assertThat(watch.othersCores()).isBetween(0.0, Runtime.getRuntime().availableProcessors() - own + 0.2);
    }

    @Test
    void whatAChildTakesIsNotThatOfOthersEither() throws Exception {
        Processor watch = Processor.watch();
        long began = System.nanoTime();
        Process child = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            assertThat(child.waitFor(400, TimeUnit.MILLISECONDS)).isFalse();
            double own = child.info().totalCpuDuration().orElseThrow().toNanos() / (double) (System.nanoTime() - began);

            assertThat(own).isPositive();
            assertThat(watch.othersCores()).isBetween(0.0, Runtime.getRuntime().availableProcessors() - own + 0.2);
        } finally {
            child.destroyForcibly().waitFor();
        }
    }
}
