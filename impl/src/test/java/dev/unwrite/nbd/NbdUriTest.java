package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NbdUriTest {
    /** The table of the URI specification, and what else users write. */
    @ParameterizedTest
    @CsvSource({
        "nbd://example.com/disk,            example.com, 10809, disk",
        "nbd://example.com/,                example.com, 10809, ''",
        "nbd://example.com,                 example.com, 10809, ''",
        "nbd://example.com//disk,           example.com, 10809, /disk",
        "nbd://example.com/hello%20world,   example.com, 10809, hello world",
        "nbd://127.0.0.1:1234/G/NAME,       127.0.0.1,   1234,  G/NAME",
        "nbd://127.0.0.1:0,                 127.0.0.1,   0,     ''",
        "nbd://127.0.0.1:,                  127.0.0.1,   10809, ''",
        "nbd://[::1]:99/x,                  ::1,         99,    x",
        "nbd://[::1],                       ::1,         10809, ''",
        "nbd://my_host:5/x,                 my_host,     5,     x",
        "nbd:///x,                          localhost,   10809, x",
        "nbd://h/%C3%A4+b,                  h,           10809, ä+b",
    })
    void parsesTcp(String text, String host, int port, String export) {
        assertThat(NbdUri.parse(text)).isEqualTo(NbdUri.tcp(host, port, export));
    }

    @ParameterizedTest
    @CsvSource({
        "nbd+unix:///disk?socket=sock,          sock,         disk",
        "nbd+unix:///?socket=/run/x.sock,       /run/x.sock,  ''",
        "nbd+unix://?socket=/run/x.sock,        /run/x.sock,  ''",
        "nbd+unix:////disk?socket=/a%20b,       /a b,         /disk",
        "nbd+unix:///G/NAME?socket=/a%3Fb,      /a?b,         G/NAME",
    })
    void parsesUnix(String text, String socket, String export) {
        assertThat(NbdUri.parse(text)).isEqualTo(NbdUri.unix(Path.of(socket), export));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbds://example.com/x", "nbds+unix:///x?socket=s", "nbd://h/x?tls-type=psk"})
    void saysThatTlsIsNotSupported(String text) {
        assertThatThrownBy(() -> NbdUri.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TLS")
                .hasMessageContaining("not supported");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "nbd",
                "nbd:",
                "nbd:x",
                "http://h/x",
                "/run/x.sock",
                "nbd://h:port/x",
                "nbd://h:65536/x",
                "nbd://h:-1/x",
                "nbd://h:123456/x",
                "nbd://u@h/x",
                "nbd://h/x#f",
                "nbd://h/%00",
                "nbd://h/%ff",
                "nbd://h/%2",
                "nbd://h/a b",
                "nbd://[::1/x",
                "nbd://h/x?socket=s",
                "nbd://h/x?y=z",
                "nbd+unix:///x",
                "nbd+unix:///x?socket=",
                "nbd+unix:///x?socket=a&socket=b",
                "nbd+unix:///x?path=a",
                "nbd+unix://host/x?socket=a",
                "nbd://h/x\ny",
            })
    void refusesWithOneLine(String text) {
        assertThatThrownBy(() -> NbdUri.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(
                        e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1))
                .hasMessageContaining("bad NBD URI");
    }

    @Test
    void refusesAnExportNameThatIsTooLong() {
        assertThatThrownBy(() -> NbdUri.parse("nbd://h/" + "x".repeat(4097)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4096");
    }

    @Property(tries = 500)
    void formatsWhatItParses(
            @ForAll("names") String export, @ForAll("names") String socket, @ForAll @IntRange(max = 65535) int port) {
        NbdUri tcp = NbdUri.tcp("some-host", port, export);
        assertThat(NbdUri.parse(tcp.toString())).isEqualTo(tcp);
        NbdUri unix = new NbdUri("localhost", 10809, "/" + socket, export);
        assertThat(NbdUri.parse(unix.toString())).isEqualTo(unix);
    }

    @Property(tries = 500)
    void anyTextIsAUriOrRefusedCleanly(@ForAll("nearly") String text) {
        try {
            NbdUri uri = NbdUri.parse(text);
            assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri);
        } catch (IllegalArgumentException e) {
            assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1);
        }
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings()
                .withCharRange('\u0001', '\u07ff')
                .withChars("/?#%&=+ ")
                .ofMaxLength(20);
    }

    @Provide
    Arbitrary<String> nearly() {
        return Arbitraries.of(
                        "nbd",
                        "nbd:",
                        "nbd+unix",
                        "://",
                        "/",
                        "//",
                        "?",
                        "socket=",
                        "h",
                        ":",
                        "1",
                        "%41",
                        "%",
                        "[",
                        "]",
                        "@",
                        "é")
                .list()
                .ofMaxSize(10)
                .map(parts -> String.join("", parts));
    }
}
