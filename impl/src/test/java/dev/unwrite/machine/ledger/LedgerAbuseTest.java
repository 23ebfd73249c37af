package dev.unwrite.machine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that send what they should not. */
@Timeout(60)
class LedgerAbuseTest {
    private final FakeHost host = new FakeHost(new MemoryDevice(200L * LedgerVolume.PAGE));
    private final LedgerMachine machine =
            new LedgerMachine(host, LedgerMachineTest.ANY_PORT, new LedgerConfig(10, 100, 4, 3));

    @BeforeEach
    void start() throws IOException {
        machine.coldStart();
    }

    @AfterEach
    void close() {
        machine.close();
        assertThat(host.failures()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "''|unknown request",
                " |unknown request",
                "hello a|unknown request",
                "HELLO|usage: HELLO client-id",
                "HELLO a b|usage: HELLO client-id",
                "HELLO a/b|a client id is",
                "HELLO 123456789012345678901234567890123|a client id is",
                "T 1 0 1|usage: T reqno from to amount",
                "T 1  0 1|account must be a whole number",
                "T x 0 1 5|reqno must be a whole number",
                "T 0 0 1 5|reqno starts at 1",
                "T -1 0 1 5|reqno must be a whole number",
                "T 1 0 1 -5|amount must be a whole number",
                "T 1 0 1 5.0|amount must be a whole number",
                "T 1 0 1 9999999999999999999|amount must be a whole number",
                "T 1 0 99999999999 5|account must be a whole number",
                "T 1 0 10 5|accounts are 0 to 9",
                "T 1 3 3 5|a transfer needs two accounts",
                "T 1 0 1 0|a transfer needs an amount",
                "R 1 10|accounts are 0 to 9",
                "R 1|usage: R reqno account",
                "B|usage: B reqno",
                "B 1 2|usage: B reqno",
                "CHECK all|usage: CHECK",
                "T 2 0 1 5|request number 2 leaves a gap, expected 1",
                "T 1 0 1 5\u0007|amount must be a whole number",
            })
    void aBadLineIsAnsweredAndTheConnectionLives(String line, String reason) throws IOException {
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            assertThat(wire.ask(line)).startsWith("ERR ").contains(reason);
            assertThat(wire.ask("T 1 0 1 5")).isEqualTo("OK 1 seq=1 from=95 to=105");
        }
    }

    @Test
    void requestsBeforeHelloAreRefused() throws IOException {
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("T 1 0 1 5")).isEqualTo("ERR say HELLO client-id first");
            assertThat(wire.ask("CHECK")).startsWith("OK total=1000");
        }
    }

    @Test
    void aLineWithoutEndIsRefusedAndEndsTheConnection() throws IOException {
        try (Wire wire = new Wire(machine)) {
            wire.send("A".repeat(LedgerLimits.LINE_BYTES_MAX + 1));
            assertThat(wire.receive()).isEqualTo("ERR a line has at most 256 bytes");
            assertThat(wire.receive()).isNull();
        }
    }

    @Test
    void theLongestLineIsRead() throws IOException {
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("A".repeat(LedgerLimits.LINE_BYTES_MAX))).startsWith("ERR unknown request");
            assertThat(wire.ask("HELLO a\r")).startsWith("OK hello");
        }
    }

    @Test
    void anUnfinishedLineHasNoEffect() throws IOException {
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            wire.send("T 1 0 1 5");
            wire.endOfRequests();
            assertThat(wire.receive()).isNull();
        }
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("HELLO a")).startsWith("OK hello last=0");
        }
    }

    @Test
    void whoStopsSendingStillGetsAllReplies() throws IOException {
        try (Wire wire = new Wire(machine)) {
            wire.send("HELLO a\nR 1 0\nR 2 0\nR 3 0\n");
            wire.endOfRequests();
            List<String> replies = new ArrayList<>();
            for (String reply = wire.receive(); reply != null; reply = wire.receive()) {
                replies.add(reply.substring(0, 4));
            }
            assertThat(replies).containsExactly("OK h", "OK 1", "OK 2", "OK 3");
        }
    }

    @Test
    void moreClientsThanTheTableHoldsAreRefusedAndTheOldOnesLive() throws IOException {
        try (Wire wire = new Wire(machine)) {
            for (String client : List.of("a", "b", "c")) {
                assertThat(wire.ask("HELLO " + client)).startsWith("OK hello");
            }
            assertThat(wire.ask("HELLO d"))
                    .isEqualTo("ERR this ledger remembers 3 clients and has no room for another");
            assertThat(wire.ask("T 1 0 1 5")).isEqualTo("ERR say HELLO client-id first");
            assertThat(wire.ask("HELLO b")).startsWith("OK hello");
            assertThat(wire.ask("T 1 0 1 5")).startsWith("OK 1");
        }
    }

    @Test
    void aFloodOfRequestsIsReadOnlyAsFarAsRepliesLeave() throws IOException {
        host.holding();
        try (Wire wire = new Wire(machine)) {
            wire.send("CHECK\n".repeat(10 * LedgerLimits.OUTSTANDING_MAX));
            await().until(() -> host.held() == LedgerLimits.OUTSTANDING_MAX);
            machine.pause();
            assertThat(machine.queued()).isZero();
            machine.unpause();
            for (int reply = 0; reply < 10 * LedgerLimits.OUTSTANDING_MAX; reply++) {
                if (reply % LedgerLimits.OUTSTANDING_MAX == 0) {
                    await().until(() -> host.held() == LedgerLimits.OUTSTANDING_MAX);
                    host.release();
                }
                assertThat(wire.receive()).startsWith("OK total=");
            }
        }
    }

    @Test
    void oneConnectionTooManyIsToldSo() throws IOException {
        List<Wire> wires = new ArrayList<>();
        try {
            for (int i = 0; i < LedgerLimits.CONNECTIONS_MAX; i++) {
                wires.add(new Wire(machine));
            }
            await().until(() -> machine.connections() == LedgerLimits.CONNECTIONS_MAX);
            try (Wire wire = new Wire(machine)) {
                assertThat(wire.receive()).isEqualTo("ERR there are 256 connections already");
                assertThat(wire.receive()).isNull();
            }
            wires.removeLast().close();
            await().until(() -> machine.connections() < LedgerLimits.CONNECTIONS_MAX);
            try (Wire wire = new Wire(machine)) {
                assertThat(wire.ask("CHECK")).startsWith("OK total");
            }
        } finally {
            for (Wire wire : wires) {
                wire.close();
            }
        }
    }

    @Test
    void noiseIsAnsweredLineByLineOrEndsTheConnection() throws IOException {
        Random chance = new Random(5);
        for (int round = 0; round < 50; round++) {
            byte[] noise = new byte[chance.nextInt(2000)];
            chance.nextBytes(noise);
            try (Wire wire = new Wire(machine)) {
                wire.send(new String(noise, StandardCharsets.ISO_8859_1));
                wire.endOfRequests();
                for (String reply = wire.receive(); reply != null; reply = wire.receive()) {
                    assertThat(reply).startsWith("ERR ");
                }
            } catch (SocketException e) {
                // The server was done with it before everything was sent.
                assertThat(String.valueOf(e.getMessage())).containsAnyOf("reset", "Broken pipe");
            }
        }
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("CHECK")).isEqualTo("OK total=1000 seq=0 pages=4");
        }
    }
}
