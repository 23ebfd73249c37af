package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever speaks does not wait for whoever reads. */
@Timeout(30)
class LogLinesTest {
    private final List<String> read = new CopyOnWriteArrayList<>();

    @Test
    void linesArriveInTheirOrder() {
        try (LogLines lines = LogLines.of(read::add)) {
            for (int i = 0; i < 100; i++) {
                lines.accept("line " + i);
            }
        }
        assertThat(read).hasSize(100).startsWith("line 0", "line 1").endsWith("line 99");
    }

    @Test
    void aFullLogHoldsNobodyUpAndSaysWhatIsMissing() {
        CountDownLatch full = new CountDownLatch(1);
        try (LogLines lines = LogLines.of(line -> {
            try {
                full.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            read.add(line);
        })) {
            for (int i = 0; i < 5000; i++) {
                lines.accept("line " + i);
            }
            full.countDown();
        }
        assertThat(read.getFirst()).isEqualTo("line 0");
        assertThat(read.get(1)).matches("39\\d\\d lines were left out, since the log takes no more");
    }

    @Test
    void whatLibrariesSayGoesTheSameWay() {
        PrintStream before = System.err;
        try (LogLines lines = LogLines.withStandardError(read::add)) {
            System.err.println("one");
            lines.accept("two");
            System.err.print("thr");
            System.err.println("ee");
        }
        assertThat(read).containsExactly("one", "two", "three");
        assertThat(System.err).isSameAs(before);
    }
}
