package dev.unwrite.chaos.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.machine.ledger.LedgerConfig;
import dev.unwrite.machine.ledger.LedgerPair;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The load as a process. */
@Timeout(180)
class LedgerLoadIT {
    private final LedgerPair pair = new LedgerPair(new LedgerConfig(16, 1000, 4, 20));

    @TempDir
    Path dir = Path.of("unset");

    @BeforeEach
    void start() throws IOException {
        pair.start();
        pair.checkpointBeforeReplies();
    }

    @AfterEach
    void close() {
        pair.close();
    }

    @Test
    void endsWellWhenItsInputEnds() throws IOException, InterruptedException {
        Process load = load("--rate", "200");
        awaitProgress(load);
        load.getOutputStream().close();
        assertEnded(load);
    }

    @Test
    void endsWellOnSigterm() throws IOException, InterruptedException {
        Process load = load();
        awaitProgress(load);
        pair.failOver();
        awaitProgress(load);
        load.destroy();
        assertEnded(load);
    }

    @Test
    void refusesWhatItCannotUse() throws IOException, InterruptedException {
        Process load = load("--pipeline", "17");
        String output = new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(load.waitFor()).isEqualTo(2);
        assertThat(output).contains("--pipeline must be 1 to 16").hasLineCount(1);
    }

    private void assertEnded(Process load) throws IOException, InterruptedException {
        assertThat(load.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(load.exitValue()).isZero();
        LedgerView view = LedgerView.read(pair.addresses(), ClientLoad.clientIds("c", 3), Duration.ofSeconds(20));
        LedgerChecker.Result result = LedgerChecker.check(LedgerHistory.read(dir.resolve("history")), view);
        assertThat(result.findings()).isEmpty();
        assertThat(result.answered()).isPositive();
    }

    private Process load(String... more) throws IOException {
        String servers = pair.addresses().stream().map(LedgerLoadIT::text).collect(Collectors.joining(","));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LedgerLoad.class.getName(),
                "--servers",
                servers,
                "--history",
                dir.resolve("history").toString(),
                "--clients",
                "3"));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Two lines of progress that differ. */
    private static void awaitProgress(Process load) throws IOException {
        BufferedReader lines = load.inputReader();
        String first = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answered = line.replaceFirst("^.*: ok ([0-9]+),.*$", "$1");
            if (first != null && !first.equals(answered)) {
                return;
            }
            first = answered;
        }
        throw new AssertionError("the load ended before its time");
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
