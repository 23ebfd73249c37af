package dev.unwrite.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes go out whole and in order, however large they are and however little the other side takes at once. */
@Timeout(30)
class StreamTest {
    private static final int LARGEST = 1 << 20;

    private static final class Sender extends Stream {
        Sender(SocketChannel channel) {
            super(channel);
        }

        void small(byte[] bytes) {
            frame(bytes.length).put(bytes);
        }

        void large(ByteBuffer bytes, Runnable free) {
            send(bytes, free);
        }

        @Override
        protected void received(ByteBuffer bytes) {
            bytes.position(bytes.limit());
        }

        @Override
        protected void receivedBody(ByteBuffer bytes) {}

        @Override
        protected void ended(IOException why) {}
    }

    @Test
    void smallAndLargeFramesArriveInTheirOrderAtASlowReader() throws Exception {
        Random random = new Random(7);
        try (ServerSocketChannel server =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel mine = SocketChannel.open(server.getLocalAddress());
                SocketChannel other = server.accept();
                EventLoop loop = new EventLoop("test", line -> {})) {
            mine.configureBlocking(false);
            Sender sender = new Sender(mine);
            loop.start();
            loop.serve(sender);
            ByteArrayOutputStream sent = new ByteArrayOutputStream();
            AtomicInteger freed = new AtomicInteger();
            int larges = 0;
            for (int i = 0; i < 200; i++) {
                byte[] bytes =
                        new byte[random.nextInt(4) == 0 ? 1 + random.nextInt(LARGEST) : 1 + random.nextInt(5000)];
                random.nextBytes(bytes);
                sent.writeBytes(bytes);
                boolean asFrame = bytes.length < 5000 && random.nextBoolean();
                larges += asFrame ? 0 : 1;
                boolean direct = random.nextBoolean();
                loop.post(() -> {
                    if (asFrame) {
                        sender.small(bytes);
                    } else {
                        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(bytes.length) : ByteBuffer.wrap(bytes);
                        sender.large(direct ? buffer.put(bytes).flip() : buffer, freed::incrementAndGet);
                    }
                });
            }
            byte[] wanted = sent.toByteArray();
            ByteBuffer got = ByteBuffer.allocate(wanted.length);
            while (got.hasRemaining()) {
                ByteBuffer some = got.slice(got.position(), Math.min(got.remaining(), 1 + random.nextInt(300_000)));
                assertThat(other.read(some)).isPositive();
                got.position(got.position() + some.position());
            }
            assertThat(got.array()).isEqualTo(wanted);
            int all = larges;
            assertThat(loop.call(() -> freed.get() == all && sender.unsentBytes() == 0)
                            .get())
                    .isTrue();
        }
    }
}
