package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A caller's tag, from one end of a connection to the other. */
@Timeout(30)
final class RequestCookieTest {
    @Test
    void theDeviceSeesTheTagOfTheCaller() throws IOException {
        List<Long> cookies = new CopyOnWriteArrayList<>();
        BlockDevice device = new DelegatingDevice(new MemoryDevice(4096)) {
            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                cookies.add(RequestCookie.current());
                super.read(offset, target);
            }
        };
        try (NbdServer server = NbdServer.builder()
                        .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                        .exports(TestExports.of(device))
                        .start();
                NbdClient client = NbdClient.connect(server.uri("disk"))) {
            client.read(0, ByteBuffer.allocate(1));
            for (int tag : new int[] {1, Integer.MAX_VALUE}) {
                RequestCookie.tagged(tag, () -> {
                    client.read(0, ByteBuffer.allocate(1));
                    return tag;
                });
            }
            client.read(0, ByteBuffer.allocate(1));
        }
        assertThat(cookies)
                .doesNotHaveDuplicates()
                .extracting(RequestCookie::tagOf)
                .containsExactly(0, 1, Integer.MAX_VALUE, 0);
        assertThat(RequestCookie.current()).isEqualTo(RequestCookie.NONE);
    }

    @Test
    void aTagIsPositive() {
        for (int tag : new int[] {0, -1}) {
            assertThatThrownBy(() -> RequestCookie.tagged(tag, () -> tag))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a tag is positive");
        }
    }
}
