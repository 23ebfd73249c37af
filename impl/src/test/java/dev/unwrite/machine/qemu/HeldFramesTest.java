package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A frame of the guest comes back to QEMU once the host releases it, and not before (rule HoldOutput). */
@Timeout(60)
class HeldFramesTest {
    private static final int FRAME_BYTES_MAX = 1 << 20;
    private static final int RELEASED_MAX = 4096;

    @TempDir
    Path dir = Path.of("unset");

    private final HoldingHost host = new HoldingHost();
    private HeldFrames frames = unset();
    private SocketChannel out = unset();
    private SocketChannel back = unset();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void connect() throws IOException {
        // A process that was killed leaves its sockets behind.
        Files.createFile(dir.resolve("n0.out"));
        Files.createFile(dir.resolve("n0.back"));
        frames = new HeldFrames(host, dir, "n0");
        out = SocketChannel.open(UnixDomainSocketAddress.of(dir.resolve("n0.out")));
        back = SocketChannel.open(UnixDomainSocketAddress.of(dir.resolve("n0.back")));
    }

    @AfterEach
    void close() throws IOException {
        out.close();
        back.close();
        frames.close();
        assertThat(dir.resolve("n0.out")).doesNotExist();
        assertThat(dir.resolve("n0.back")).doesNotExist();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void send(byte[] frame) throws IOException {
        write(ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .flip());
    }

    private void send(String frame) throws IOException {
        send(bytes(frame));
    }

    private void write(ByteBuffer some) throws IOException {
        while (some.hasRemaining()) {
            out.write(some);
        }
    }

    private byte[] received() throws IOException {
        DataInputStream in = new DataInputStream(Channels.newInputStream(back));
        return in.readNBytes(in.readInt());
    }

    private String receivedText() throws IOException {
        return new String(received(), StandardCharsets.UTF_8);
    }

    private void awaitHeld(int count) {
        await().until(() -> host.held() == count);
        assertThat(frames.held()).isEqualTo(count);
    }

    private boolean nothingCame() throws IOException {
        back.configureBlocking(false);
        try {
            return back.read(ByteBuffer.allocate(1)) == 0;
        } finally {
            back.configureBlocking(true);
        }
    }

    @Test
    void aFrameComesBackOnceItIsReleasedAndInOrder() throws IOException {
        for (int i = 0; i < 5; i++) {
            send("frame " + i);
        }
        awaitHeld(5);
        assertThat(nothingCame()).isTrue();
        host.release(2);
        assertThat(receivedText()).isEqualTo("frame 0");
        assertThat(receivedText()).isEqualTo("frame 1");
        assertThat(frames.held()).isEqualTo(3);
        assertThat(nothingCame()).isTrue();
        host.release(3);
        for (int i = 2; i < 5; i++) {
            assertThat(receivedText()).isEqualTo("frame " + i);
        }
        assertThat(frames.held()).isZero();
    }

    /** A guest that sends more than may wait must not fill the memory of its host. */
    @Test
    void whatIsTooMuchToHoldIsLost() throws IOException {
        byte[] large = new byte[FRAME_BYTES_MAX];
        for (int i = 0; i < 70; i++) {
            send(large);
        }
        send("small");
        awaitHeld(64);
        assertThat(frames.held())
                .as("63 large ones and what is small, or no more than 64 MiB")
                .isLessThanOrEqualTo(64);
        host.release(1);
        assertThat(received()).hasSize(FRAME_BYTES_MAX);
        send("there is room again");
        awaitHeld(64);
    }

    @Test
    void whatIsNoFrameEndsTheMachineAndSaysWhy() throws IOException {
        write(ByteBuffer.allocate(4).putInt(FRAME_BYTES_MAX + 1).flip());
        await().until(() -> !host.failures().isEmpty());
        assertThat(host.failures().getFirst()).contains("n0 sends a frame of " + (FRAME_BYTES_MAX + 1) + " bytes");
    }

    @Test
    void aFrameThatIsDroppedNeverComes() throws IOException {
        for (String frame : List.of("kept", "dropped 1", "dropped 2")) {
            send(frame);
        }
        awaitHeld(3);
        host.release(1);
        host.drop(2);
        send("after");
        await().until(() -> host.held() == 1);
        host.release(1);
        assertThat(receivedText()).isEqualTo("kept");
        assertThat(receivedText()).isEqualTo("after");
    }

    /** QEMU writes as its socket takes it, which is not frame by frame. */
    @Test
    void aFrameMayComeInParts() throws IOException {
        byte[] frame = bytes("in parts");
        ByteBuffer whole =
                ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame);
        for (int i = 0; i < whole.capacity(); i++) {
            write(ByteBuffer.wrap(new byte[] {whole.get(i)}));
        }
        awaitHeld(1);
        host.release(1);
        assertThat(receivedText()).isEqualTo("in parts");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1514, 65_550, FRAME_BYTES_MAX})
    void framesOfEverySizeComeBackWhole(int length) throws IOException {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++) {
            frame[i] = (byte) (i * 31);
        }
        send(frame);
        awaitHeld(1);
        host.release(1);
        assertThat(received()).isEqualTo(frame);
    }

    @ParameterizedTest
    @ValueSource(ints = {FRAME_BYTES_MAX + 1, Integer.MAX_VALUE, -1})
    void aFrameThatIsNoneEndsTheStream(int length) throws IOException {
        send("good");
        write(ByteBuffer.allocate(4).putInt(length).flip());
        assertThat(out.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        awaitHeld(1);
        host.release(1);
        assertThat(receivedText()).as("what came before").isEqualTo("good");
    }

    @Test
    void aFrameThatIsCutShortIsNone() throws IOException {
        send("good");
        write(ByteBuffer.allocate(4 + 3).putInt(10).put(bytes("cut")).flip());
        out.shutdownOutput();
        assertThat(out.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        awaitHeld(1);
        host.release(1);
        assertThat(receivedText()).isEqualTo("good");
        assertThat(nothingCame()).isTrue();
    }

    /** As in a switch whose port is slow; whoever releases does not wait. */
    @Test
    void ofTooManyThatNobodyReadsTheLastAreLost() throws IOException {
        frames.close();
        frames = new HeldFrames(host, dir, "n0");
        out = SocketChannel.open(UnixDomainSocketAddress.of(dir.resolve("n0.out")));
        int count = RELEASED_MAX + 10;
        for (int i = 0; i < count; i++) {
            send("frame " + i);
        }
        awaitHeld(count);
        host.release(count);
        back = SocketChannel.open(UnixDomainSocketAddress.of(dir.resolve("n0.back")));
        List<String> came = new ArrayList<>();
        for (int i = 0; i < RELEASED_MAX; i++) {
            came.add(receivedText());
        }
        assertThat(came).startsWith("frame 0", "frame 1").endsWith("frame " + (RELEASED_MAX - 1));
        send("later");
        await().until(() -> host.held() == 1);
        host.release(1);
        assertThat(receivedText()).isEqualTo("later");
    }

    @Test
    void whenItIsClosedQemuSeesTheEnd() throws IOException {
        send("held");
        awaitHeld(1);
        frames.close();
        host.release(1);
        assertThat(out.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThat(back.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    /** A frame that comes back passes the filters that were defined after the one it comes from. */
    @Test
    void theFilterThatTakesComesAfterTheOneThatGivesBack() {
        List<String> words = HeldFrames.arguments(dir, "n0");
        String all = String.join(" ", words);
        assertThat(words).contains("socket,id=unwrite-n0-out,path=" + dir.resolve("n0.out"));
        assertThat(words).contains("socket,id=unwrite-n0-back,path=" + dir.resolve("n0.back"));
        assertThat(all.indexOf("indev=unwrite-n0-back")).isPositive().isLessThan(all.indexOf("outdev=unwrite-n0-out"));
    }
}
