package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Options that are not the protocol's own, from end to end; and what a server does whose own code fails. */
@Timeout(30)
final class PrivateOptionTest {
    private static final int ECHO = 0x1_0000;
    private static final int REFUSES = 0x1_0001;
    private static final int FAILS = 0x1_0002;
    private static final int BREAKS = 0x1_0003;
    private static final int ANSWERS_AT_LENGTH = 0x1_0004;
    private static final int NOBODY_KNOWS = 0x1_0005;
    private static final int MAKES_NO_SENSE = 0x1_0006;
    private static final int ENDS = 0x1_0007;

    private final List<String> logged = new CopyOnWriteArrayList<>();
    private final Handler log = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            logged.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private final Logger logger = Logger.getLogger("dev.unwrite.nbd");
    private NbdServer server;

    @BeforeEach
    void start() throws IOException {
        logger.addHandler(log);
        logger.setUseParentHandlers(false);
        server = NbdServer.builder()
                .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                .exports(TestExports.of("disk", () -> Export.of(new MemoryDevice(4096)))
                        .and("broken", () -> {
                            throw new IllegalStateException("the shelf fell down");
                        }))
                .option(ECHO, (connection, payload) -> payload)
                .option(REFUSES, (connection, payload) -> {
                    throw NbdRefusedException.policy("not for you");
                })
                .option(MAKES_NO_SENSE, (connection, payload) -> {
                    throw NbdRefusedException.invalid("what is this");
                })
                .option(ENDS, (connection, payload) -> {
                    throw NbdRefusedException.shutdown("another time");
                })
                .option(FAILS, (connection, payload) -> {
                    throw new IOException("the disk is away");
                })
                .option(BREAKS, (connection, payload) -> {
                    throw new IllegalStateException("not thought of");
                })
                .option(ANSWERS_AT_LENGTH, (connection, payload) -> new byte[NbdServer.OPTION_BYTES_MAX + 1])
                .start();
    }

    @AfterEach
    void stop() {
        logger.removeHandler(log);
        logger.setUseParentHandlers(true);
        server.close();
    }

    @Test
    void anAnswerComesBackAndMoreMayBeAsked() throws IOException {
        byte[] longest = new byte[NbdServer.OPTION_BYTES_MAX];
        longest[longest.length - 1] = 7;
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri("disk"))) {
            assertThat(negotiation.option(ECHO, "hello".getBytes(StandardCharsets.UTF_8)))
                    .asString()
                    .isEqualTo("hello");
            assertThat(negotiation.option(ECHO, new byte[0])).isEmpty();
            assertThat(negotiation.option(ECHO, longest)).isEqualTo(longest);
            assertThat(negotiation.info("disk").size()).isEqualTo(4096);
        }
    }

    /** Each refusal says why, and none ends the conversation. */
    @Test
    void aRefusalSaysWhy() throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri("disk"))) {
            assertRefused(negotiation, REFUSES, NbdWire.REP_ERR_POLICY, "refused: not for you");
            assertRefused(negotiation, MAKES_NO_SENSE, NbdWire.REP_ERR_INVALID, "what is this");
            assertRefused(negotiation, ENDS, NbdWire.REP_ERR_SHUTDOWN, "another time");
            assertThat(logged).isEmpty();
            assertRefused(negotiation, FAILS, NbdWire.REP_ERR_INVALID, "the disk is away");
            assertRefused(negotiation, BREAKS, NbdWire.REP_ERR_INVALID, "not thought of");
            assertThat(logged).hasSize(2).allMatch(line -> line.contains("option handler"));
            assertRefused(
                    negotiation,
                    ANSWERS_AT_LENGTH,
                    NbdWire.REP_ERR_TOO_BIG,
                    "the answer has " + (NbdServer.OPTION_BYTES_MAX + 1) + " bytes");
            assertRefused(negotiation, NOBODY_KNOWS, NbdWire.REP_ERR_UNSUP, "unknown option 65541");
            assertRefused(negotiation, -1, NbdWire.REP_ERR_UNSUP, "unknown option 4294967295");
            assertThat(negotiation.option(ECHO, new byte[] {1})).hasSize(1);
        }
    }

    private static void assertRefused(NbdNegotiation negotiation, int option, int type, String why) {
        assertThatThrownBy(() -> negotiation.option(option, new byte[] {1, 2}))
                .isInstanceOfSatisfying(
                        NbdRefusedException.class,
                        e -> assertThat(e.replyType()).isEqualTo(type))
                .hasMessageContaining(why);
    }

    @Test
    void aClientDoesNotSendWhatIsNoPrivateOption() throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri("disk"))) {
            assertThatThrownBy(() -> negotiation.option(0, new byte[0])).hasMessageContaining("option 0 belongs");
            assertThatThrownBy(() -> negotiation.option(0xFFFF, new byte[0]))
                    .hasMessageContaining("option 65535 belongs to the protocol");
            assertThatThrownBy(() -> negotiation.option(ECHO, new byte[NbdServer.OPTION_BYTES_MAX + 1]))
                    .hasMessageContaining("at most");
            assertThat(negotiation.option(ECHO, new byte[] {1})).hasSize(1);
        }
    }

    @Test
    void anExportThatCannotBeOpenedIsSaidToBeUnknown() throws IOException {
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri("broken"))) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> negotiation.info("broken"))
                        .isInstanceOfSatisfying(
                                NbdRefusedException.class,
                                e -> assertThat(e.isUnknown()).isTrue())
                        .hasMessageContaining("the shelf fell down");
            }
        }
        assertThat(logged).hasSize(2).allMatch(line -> line.contains("opening export 'broken'"));
        // The oldest way to ask has no way to say why.
        try (RawClient client = RawClient.haggling(server.uri("broken"))) {
            client.option(NbdWire.OPT_EXPORT_NAME, "broken".getBytes(StandardCharsets.UTF_8));
            client.expectEnd();
        }
        assertThat(logged).hasSize(3);
        try (NbdNegotiation negotiation = NbdNegotiation.open(server.uri("disk"))) {
            assertThat(negotiation.info("disk").size()).isEqualTo(4096);
        }
    }
}
