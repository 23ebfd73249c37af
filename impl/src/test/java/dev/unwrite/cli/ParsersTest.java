package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.node.HostPort;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParsersTest {
    @ParameterizedTest
    @ValueSource(strings = {"50ms", "2s", "1m", "90s", "24h", "168h", "1ms"})
    void durationsComeBackAsTheyWere(String text) {
        assertThat(Durations.format(Durations.parse(text))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "ms", "-1s", "1.5s", "0s", "8000000h", "1 s", "99999999999s", "169h"})
    void otherDurationsAreRefused(String text) {
        assertThatThrownBy(() -> Durations.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void manualIsNoDuration() {
        assertThat(Durations.parseOrManual("manual")).isNull();
        assertThat(Durations.parseOrManual("2s")).isEqualTo(Duration.ofSeconds(2));
        assertThatThrownBy(() -> Durations.parseOrManual("never")).hasMessageEndingWith("or manual");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "host-b.example:7001", "[::1]:65535"})
    void addressesComeBackAsTheyWere(String text) {
        assertThat(HostPort.parse(text)).hasToString(text);
    }

    @Test
    void sizesAreForPeople() {
        assertThat(Sizes.format(0)).isEqualTo("0 B");
        assertThat(Sizes.format(1536)).isEqualTo("1.5 KiB");
        assertThat(Sizes.format(1L << 30)).isEqualTo("1 GiB");
        assertThat(Sizes.format(Long.MAX_VALUE)).isEqualTo("8 EiB");
    }
}
