package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.MemoryDevice;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the storage fails for a moment: the primary waits, and goes on when the storage was started again. */
@Timeout(120)
class FailingDiskIT {
    @TempDir
    Path dir = Path.of("unset");

    private TestPair pair;

    @BeforeEach
    void begin() throws IOException {
        pair = new TestPair(dir, List.of("--failover-after=manual"));
    }

    @AfterEach
    void end() {
        pair.close();
    }

    /** A disk that takes no write and no flush while it fails. */
    private static final class Disk implements ExportSource {
        private final MemoryDevice bytes = new MemoryDevice(1 << 20);
        private final AtomicInteger failures = new AtomicInteger();
        private final AtomicInteger flushes = new AtomicInteger();
        private volatile boolean failing;
        private volatile long flushNanos;

        @Override
        public Export open(String name, NbdConnection connection) {
            return Export.of(new BlockDevice() {
                @Override
                public long size() {
                    return bytes.size();
                }

                @Override
                public boolean readOnly() {
                    return false;
                }

                @Override
                public void read(long offset, ByteBuffer target) throws IOException {
                    bytes.read(offset, target);
                }

                @Override
                public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
                    check();
                    bytes.write(offset, source, fua);
                }

                @Override
                public void trim(long offset, long length, boolean fua) throws IOException {
                    check();
                    bytes.trim(offset, length, fua);
                }

                @Override
                public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
                    check();
                    bytes.writeZeroes(offset, length, noHole, fua);
                }

                @Override
                public void flush() throws IOException {
                    check();
                    flushes.incrementAndGet();
                    LockSupport.parkNanos(flushNanos);
                    bytes.flush();
                }

                @Override
                public void close() {}
            });
        }

        private void check() throws NbdException {
            if (failing) {
                failures.incrementAndGet();
                throw new NbdException(NbdError.EIO, "the disk fails");
            }
        }

        @Override
        public List<Listing> list(NbdConnection connection) {
            return List.of();
        }
    }

    @Test
    void thePrimaryGoesOnWhenTheStorageWasStartedAgain() throws Exception {
        Disk disk = new Disk();
        try (NbdServer backend = NbdServer.builder()
                .listen(NbdUri.unix(dir.resolve("back.sock"), ""))
                .exports(disk)
                .start()) {
            pair.volumes("vm1/disk=" + backend.uri());
            pair.start();
            try (NbdClient client = pair.a.connect()) {
                TestPair.fill(client, 0, 16 * TestPair.BLOCK, 1);
                disk.failing = true;
                CompletableFuture<Void> flushed = CompletableFuture.runAsync(() -> flush(client));
                // More than once: what was not flushed is written again in new sessions, in vain.
                pair.await("the disk has failed", () -> disk.failures.get() > 2 ? true : null);
                disk.failing = false;
                pair.killStorage();
                pair.startStorage();
                flushed.get(60, TimeUnit.SECONDS);
                TestPair.fill(client, 16 * TestPair.BLOCK, TestPair.BLOCK, 2);
                client.flush();
            }
            byte[] image = pair.a.image();
            assertThat(image[0]).isEqualTo((byte) 1);
            assertThat(image[16 * TestPair.BLOCK]).isEqualTo((byte) 2);
            pair.awaitProtected(pair.a);
        }
    }

    /** Longer than any other answer is waited for: a disk that has much to flush is not to begin again and again. */
    @Test
    void aFlushThatTakesLongEnds() throws Exception {
        Disk disk = new Disk();
        try (NbdServer backend = NbdServer.builder()
                .listen(NbdUri.unix(dir.resolve("back.sock"), ""))
                .exports(disk)
                .start()) {
            pair.volumes("vm1/disk=" + backend.uri());
            pair.start();
            long session = pair.a.status().path("session").asLong();
            try (NbdClient client = pair.a.connect()) {
                TestPair.fill(client, 0, 16 * TestPair.BLOCK, 1);
                int before = disk.flushes.get();
                disk.flushNanos = TimeUnit.SECONDS.toNanos(17);
                CompletableFuture<Void> flushed = CompletableFuture.runAsync(() -> flush(client));
                pair.await("the disk flushes", () -> disk.flushes.get() > before ? true : null);
                TestPair.fill(client, 16 * TestPair.BLOCK, TestPair.BLOCK, 2);
                assertThat(flushed).isNotDone();
                disk.flushNanos = 0;
                flushed.get(60, TimeUnit.SECONDS);
            }
            assertThat(pair.a.status().path("session").asLong()).isEqualTo(session);
            assertThat(pair.a.status().path("mode").asText()).isEqualTo("protected");
        }
    }

    private static void flush(NbdClient client) {
        try {
            client.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
