package dev.unwrite.chaos.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdUri;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real storage whose files fail, and are well again. */
class FailingFilesIT {
    @TempDir
    Path dir = Path.of("unset");

    @Test
    void aStorageAnswersWithErrorsWhileItsFilesFail() throws IOException {
        try (Stage stage = ProcessStage.open(dir, 64 << 20, List.of())) {
            Place storage = stage.place("storage");
            String listen = "nbd://" + storage.address() + ":10809";
            storage.program(List.of(
                    "storage",
                    "--listen",
                    listen,
                    "--volume",
                    "g/disk=" + storage.data().resolve("disk.img") + ",size=1M",
                    "--data",
                    storage.data().resolve("record").toString()));
            storage.start();
            NbdUri uri = NbdUri.parse(listen + "/g/disk");
            Awaitility.await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
                read(uri);
                return true;
            });
            assertThat(storage.failures()).isZero();
            Files.writeString(storage.errors(), "EIO");
            assertThatThrownBy(() -> read(uri)).isInstanceOf(NbdException.class);
            assertThat(storage.failures()).isPositive();
            Files.delete(storage.errors());
            read(uri);
        }
    }

    private static void read(NbdUri uri) throws IOException {
        try (NbdClient client = NbdClient.connect(uri)) {
            client.read(0, ByteBuffer.allocate(4096));
        }
    }
}
