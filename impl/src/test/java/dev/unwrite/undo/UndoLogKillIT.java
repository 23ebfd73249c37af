package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.BlockSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kills a process that appends, again and again: what it had said to be acknowledged is there. */
class UndoLogKillIT {
    private static final int ROUNDS = 10;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(UndoOptions.Policy.class)
    void whatAKilledProcessAcknowledgedIsThere(UndoOptions.Policy policy) throws Exception {
        for (int round = 1; round <= ROUNDS; round++) {
            List<Long> acknowledged = runAndKill(policy, round, 37 * round);
            assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(37 * round);
            try (UndoLog log = UndoLog.open(folder, UndoLogChild.options(policy))) {
                BlockSet stored = log.stored(1, round, 0);
                for (long block : acknowledged) {
                    assertThat(stored.containsRange(block, 2))
                            .as("block %d", block)
                            .isTrue();
                    assertThat(log.read(1, round, 0, block + 1).orElseThrow())
                            .isEqualTo(ByteBuffer.wrap(UndoLogTest.content(1, round, 0, block + 1, 0)));
                }
                assertThat(log.stored(1, round - 2L, 0)).isEqualTo(BlockSet.EMPTY);
                assertThat(UndoLogTest.rollback(log, 1, round)).hasSize((int) stored.size());
            }
        }
    }

    /** Kills after {@code count} acknowledgements, and returns all that were said. */
    private List<Long> runAndKill(UndoOptions.Policy policy, int epoch, int count)
            throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        UndoLogChild.class.getName(),
                        folder.toString(),
                        Integer.toString(epoch),
                        policy.name())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Long> acknowledged = new ArrayList<>();
        try (BufferedReader out = child.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                acknowledged.add(Long.parseLong(line));
                if (acknowledged.size() == count) {
                    child.toHandle().destroyForcibly(); // That of the process would close the pipe.
                }
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        return acknowledged;
    }
}
