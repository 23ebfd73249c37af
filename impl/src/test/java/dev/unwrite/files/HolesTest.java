package dev.unwrite.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HolesTest {
    private static final int BYTES = 1 << 20;

    @TempDir
    Path dir;

    @Test
    void whatIsForgottenIsReadFromTheDiskAgainAndWhatWaitsToBeWrittenStays() throws Exception {
        Path file = dir.resolve("file");
        byte[] written = new byte[BYTES];
        Arrays.fill(written, (byte) 7);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                Holes holes = Objects.requireNonNull(Holes.open(file), "this system has no holes")) {
            channel.write(ByteBuffer.wrap(written));
            channel.force(false);
            assertThat(inMemory(file)).isEqualTo(BYTES);
            holes.forgetCached();
            assertThat(inMemory(file)).isZero();

            Arrays.fill(written, 0, 5000, (byte) 8);
            channel.write(ByteBuffer.wrap(written, 0, 5000), 0);
            holes.forgetCached();
            assertThat(Files.readAllBytes(file)).isEqualTo(written);
        }
    }

    /** How much of a file is in memory, as {@code fincore} of util-linux says. */
    private static long inMemory(Path file) throws IOException, InterruptedException {
        Process fincore;
        try {
            fincore = new ProcessBuilder("fincore", "--bytes", "--noheadings", "--output", "RES", file.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            String why = "SKIPPED: what of a file is in memory: " + e.getMessage() + " (apt-get install util-linux)";
            System.err.println(why);
            Assumptions.abort(why);
            throw e;
        }
        String said = new String(fincore.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(fincore.waitFor()).as(said).isZero();
        return Long.parseLong(said);
    }
}
