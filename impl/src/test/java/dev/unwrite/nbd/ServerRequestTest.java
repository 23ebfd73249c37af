package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that {@link ServerConversationTest} does not make, as its one export can be written to, zeroes slowly and never
 * fails. {@link NbdClient} refuses some of these by itself, so they are sent byte by byte.
 */
@Timeout(30)
final class ServerRequestTest {
    private static final int SIZE = 64 << 10;
    private static final int LENGTH = 4096;
    private static final long COOKIE = 0x1122_3344_5566_7788L;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private @Nullable NbdServer server;

    /** Notes what it is asked for, and fails as it is told to. */
    private final class Device extends DelegatingDevice {
        private final boolean readOnly;
        private final @Nullable Exception failure;

        Device(boolean readOnly, @Nullable Exception failure) {
            super(new MemoryDevice(SIZE));
            this.readOnly = readOnly;
            this.failure = failure;
        }

        private void ask(String what) throws IOException {
            asked.add(what);
            if (failure instanceof IOException e) {
                throw e;
            } else if (failure instanceof RuntimeException e) {
                throw e;
            }
        }

        @Override
        public boolean readOnly() {
            return readOnly;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            ask("read");
            super.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
            ask("write");
            super.write(offset, source, fua);
        }

        @Override
        public void trim(long offset, long length, boolean fua) throws IOException {
            ask("trim");
            super.trim(offset, length, fua);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
            ask("zero" + (noHole ? ", no hole" : "") + (fua ? ", fua" : ""));
        }

        @Override
        public void flush() throws IOException {
            ask("flush");
        }
    }

    private RawClient connect(BlockDevice device, boolean fastZero, boolean structured) throws IOException {
        NbdServer started = NbdServer.builder()
                .listen(NbdUri.tcp("127.0.0.1", 0, ""))
                .exports(TestExports.of("disk", () -> Export.of(device).withFastZero(fastZero)))
                .start();
        server = started;
        return RawClient.transmitting(started.uri("disk"), "disk", structured);
    }

    @AfterEach
    void nothingStaysBehind() {
        NbdServer started = java.util.Objects.requireNonNull(server);
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(started.connections()).isEmpty());
        started.close();
    }

    private static int answer(RawClient client, int flags, int type, int length) throws IOException {
        client.request(flags, type, COOKIE, 0, length);
        if (type == NbdWire.CMD_WRITE) {
            client.out.write(new byte[length]);
        }
        return client.expectAnswer(COOKIE, type == NbdWire.CMD_READ ? length : 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsReadOnlyIsNotChanged(boolean structured) throws IOException {
        try (RawClient client = connect(new Device(true, null), true, structured)) {
            for (int change : new int[] {NbdWire.CMD_WRITE, NbdWire.CMD_TRIM, NbdWire.CMD_WRITE_ZEROES}) {
                assertThat(answer(client, NbdWire.CMD_FLAG_FUA, change, LENGTH)).isEqualTo(NbdError.EPERM);
                assertThat(answer(client, 0, change, LENGTH)).isEqualTo(NbdError.EPERM);
            }
            assertThat(asked).isEmpty();
            assertThat(answer(client, 0, NbdWire.CMD_READ, LENGTH)).isZero();
            assertThat(answer(client, 0, NbdWire.CMD_FLUSH, 0)).isZero();
            assertThat(answer(client, 0, NbdWire.CMD_CACHE, LENGTH)).isZero();
            assertThat(asked).containsExactly("read", "flush");
        }
    }

    @Test
    void zeroingIsFastOnlyWhereTheExportSaysSo() throws IOException {
        int fast = NbdWire.CMD_FLAG_FAST_ZERO;
        try (RawClient client = connect(new Device(false, null), true, false)) {
            assertThat(answer(client, fast, NbdWire.CMD_WRITE_ZEROES, LENGTH)).isZero();
            assertThat(answer(client, fast | NbdWire.CMD_FLAG_NO_HOLE, NbdWire.CMD_WRITE_ZEROES, LENGTH))
                    .isZero();
            assertThat(answer(client, fast | NbdWire.CMD_FLAG_FUA, NbdWire.CMD_WRITE_ZEROES, LENGTH))
                    .isZero();
            assertThat(answer(client, fast, NbdWire.CMD_WRITE, LENGTH)).isEqualTo(NbdError.EINVAL);
            assertThat(answer(client, fast, NbdWire.CMD_TRIM, LENGTH)).isEqualTo(NbdError.EINVAL);
            assertThat(asked).containsExactly("zero", "zero, no hole", "zero, fua");
        }
    }

    @Test
    void elsewhereAFastZeroIsRefused() throws IOException {
        try (RawClient client = connect(new Device(false, null), false, false)) {
            assertThat(answer(client, NbdWire.CMD_FLAG_FAST_ZERO, NbdWire.CMD_WRITE_ZEROES, LENGTH))
                    .isEqualTo(NbdError.EINVAL);
            assertThat(asked).isEmpty();
            assertThat(answer(client, 0, NbdWire.CMD_WRITE_ZEROES, LENGTH)).isZero();
        }
    }

    @Test
    void aFlagOfTheExportSaysThatZeroingIsFast() throws IOException {
        connect(new Device(false, null), true, false).close();
        assertThat(flags() & NbdWire.FLAG_SEND_FAST_ZERO).isNotZero();
        nothingStaysBehind();
        connect(new Device(false, null), false, false).close();
        assertThat(flags() & NbdWire.FLAG_SEND_FAST_ZERO).isZero();
        nothingStaysBehind();
        // What cannot be written to cannot be zeroed either.
        connect(new Device(true, null), true, false).close();
        assertThat(flags() & NbdWire.FLAG_SEND_FAST_ZERO).isZero();
    }

    private int flags() throws IOException {
        NbdUri uri = java.util.Objects.requireNonNull(server).uri("disk");
        try (NbdClient client = NbdClient.connect(uri)) {
            return client.info().flags();
        }
    }

    @Test
    void aDeviceFailsInItsOwnWay() throws IOException {
        fails(new NbdException(NbdError.ENOSPC, "the backend is full"), NbdError.ENOSPC, "the backend is full");
        fails(new IOException("the disk is on fire"), NbdError.EIO, "the disk is on fire");
        fails(new IOException(), NbdError.EIO, "");
        fails(new IllegalStateException("a slip"), NbdError.EIO, "java.lang.IllegalStateException: a slip");
        // An error without a number would be taken for success.
        fails(new NbdException(0, "of no kind"), NbdError.EIO, "of no kind");
        fails(new NbdException(-1, "of no kind"), NbdError.EIO, "of no kind");
    }

    /** Every kind of request gets the error, says why where the client can be told, and leaves the connection usable. */
    private void fails(Exception failure, int error, String why) throws IOException {
        int[] types = {
            NbdWire.CMD_READ, NbdWire.CMD_WRITE, NbdWire.CMD_TRIM, NbdWire.CMD_WRITE_ZEROES, NbdWire.CMD_FLUSH
        };
        try (RawClient client = connect(new Device(false, failure), false, false)) {
            for (int type : types) {
                assertThat(answer(client, 0, type, type == NbdWire.CMD_FLUSH ? 0 : LENGTH))
                        .isEqualTo(error);
            }
        }
        nothingStaysBehind();
        try (RawClient client = connect(new Device(false, failure), false, true)) {
            for (int type : types) {
                client.request(0, type, COOKIE, 0, type == NbdWire.CMD_FLUSH ? 0 : LENGTH);
                if (type == NbdWire.CMD_WRITE) {
                    client.out.write(new byte[LENGTH]);
                }
                byte[] text = why.getBytes(StandardCharsets.UTF_8);
                assertThat(client.in.readInt()).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
                assertThat(client.in.readShort()).isEqualTo((short) NbdWire.REPLY_FLAG_DONE);
                assertThat(client.in.readUnsignedShort()).isEqualTo(NbdWire.REPLY_TYPE_ERROR);
                assertThat(client.in.readLong()).isEqualTo(COOKIE);
                assertThat(client.in.readInt()).isEqualTo(6 + text.length);
                assertThat(client.in.readInt()).isEqualTo(error);
                assertThat(client.in.readShort()).isEqualTo((short) text.length);
                assertThat(client.in.readNBytes(text.length)).isEqualTo(text);
            }
        }
        nothingStaysBehind();
    }
}
