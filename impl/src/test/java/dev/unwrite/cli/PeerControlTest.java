package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.node.HostPort;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the other node is asked: what it has told may mean something only on its own host. */
class PeerControlTest {
    private static @Nullable HostPort of(String asked, String peerAddress, @Nullable String told) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.putObject("peer").put("address", peerAddress).put("control", told);
        return PeerControl.of(HostPort.parse(asked), status);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:8001, 127.0.0.1:7002, 127.0.0.1:8002, 127.0.0.1:8002",
        "localhost:8001, localhost:7002, 0.0.0.0:8002,   localhost:8002",
        "host-a:8001,    host-b:7002,    host-b:8001,    host-b:8001",
        "host-a:8001,    10.0.0.2:7002,  0.0.0.0:8001,   10.0.0.2:8001",
        "host-a:8001,    [fd00::2]:7002, [::]:8001,      [fd00::2]:8001",
    })
    void whereItCanBeReached(String asked, String peerAddress, String told, String reached) {
        assertThat(of(asked, peerAddress, told)).hasToString(reached);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:8001, 10.0.0.2:7002,  127.0.0.1:8001",
        "host-a:8001,    10.0.0.2:7002,  localhost:8001",
        "host-a:8001,    127.0.0.1:7002, 127.0.0.1:8002",
        "host-a:8001,    127.0.0.1:7002, 0.0.0.0:8002",
        "host-a:8001,    10.0.0.2:7002,  nonsense",
    })
    void itsOwnLoopbackIsNotOurs(String asked, String peerAddress, String told) {
        assertThat(of(asked, peerAddress, told)).isNull();
    }

    @Test
    void nothingWasTold() {
        assertThat(of("host-a:8001", "host-b:7001", null)).isNull();
    }
}
