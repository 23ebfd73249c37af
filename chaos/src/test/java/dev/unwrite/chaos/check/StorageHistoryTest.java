package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StorageHistoryTest {
    @TempDir
    Path dir;

    private StorageHistory read(String... lines) throws Exception {
        Files.write(dir.resolve("storage-bank-1.ndjson"), java.util.List.of(lines));
        return StorageHistory.read(dir);
    }

    private static String record(long term, String owner, String mode) {
        return "{\"action\":\"Record\",\"t\":1,\"record\":{\"term\":" + term + ",\"owner\":\"" + owner
                + "\",\"mode\":\"" + mode + "\",\"secondary\":\"\",\"base\":0}}";
    }

    private static String apply(String host) {
        return "{\"action\":\"Apply\",\"t\":2,\"seq\":7,\"host\":\"" + host + "\"}";
    }

    @Test
    void theOwnersWritesAreValidAndChangesAreCounted() throws Exception {
        StorageHistory history = read(
                record(1, "A", "solo"),
                apply("A"),
                record(1, "A", "protected"),
                record(2, "B", "rollback"),
                apply("B"),
                record(2, "B", "solo"),
                "");
        assertThat(history.check().verdict()).isEqualTo(Verdict.VALID);
        assertThat(history.count(StorageHistory.Kind.TAKEOVER)).isEqualTo(1);
        assertThat(history.count(StorageHistory.Kind.JOIN)).isEqualTo(1);
        assertThat(history.count(StorageHistory.Kind.RESTORED)).isEqualTo(1);
    }

    @Test
    void aFencedWriteThatTookEffectIsFound() throws Exception {
        StorageHistory history = read(record(1, "A", "protected"), record(2, "B", "rollback"), apply("A"));
        assertThat(history.check().verdict()).isEqualTo(Verdict.INVALID);
        assertThat(history.check().evidence()).anyMatch(line -> line.contains("a write of A was applied while B"));
    }

    @Test
    void aTermThatGoesBackIsFound() throws Exception {
        assertThat(read(record(3, "A", "solo"), record(2, "B", "solo"), apply("B"))
                        .check()
                        .verdict())
                .isEqualTo(Verdict.INVALID);
    }

    private static String session(String host, long session, long term) {
        return "{\"action\":\"Session\",\"t\":1,\"host\":\"" + host + "\",\"session\":" + session + ",\"term\":" + term
                + "}";
    }

    private static String refused(String host, long session, long term, String what, long times) {
        return "{\"action\":\"Refused\",\"t\":" + (10 + times) + ",\"host\":\"" + host + "\",\"session\":" + session
                + ",\"term\":" + term + ",\"what\":\"" + what + "\",\"times\":" + times + "}";
    }

    @Test
    void whatAFencedHostTriedIsListed() throws Exception {
        long first = (1L << 32) + 5;
        StorageHistory history = read(
                session("A", first, 1),
                record(1, "A", "protected"),
                apply("A"),
                record(2, "B", "rollback"),
                refused("A", first, 2, "write", 1),
                refused("A", first, 2, "write", 2),
                refused("A", first, 2, "flush", 1),
                session("A", first + 1, 1),
                refused("A", first, 2, "record", 16),
                apply("B"));
        assertThat(history.fenced()).containsExactly(new FencedSession("A", first, 1, 2, 2, 1, 16, 11_000, 26_000));
        assertThat(history.fenced().getFirst().atLeast()).isTrue();
        assertThat(history.check().verdict()).isEqualTo(Verdict.VALID);
        assertThat(history.check().evidence())
                .anyMatch(line -> line.startsWith("refused: A in session 1.5 of term 1 (the record: term 2): at least 2"
                        + " writes, 1 flushes, 16 changes"));
    }

    @Test
    void aRefusedSessionThatWritesAllTheSameIsFound() throws Exception {
        StorageHistory history = read(record(1, "A", "solo"), refused("A", 0, 1, "write", 1), apply("A"));
        assertThat(history.check().verdict()).isEqualTo(Verdict.INVALID);
        assertThat(history.check().evidence()).anyMatch(line -> line.contains("whose writes had been refused"));
    }

    @Test
    void withoutAnyWriteNothingIsKnown() throws Exception {
        assertThat(read(record(1, "A", "solo")).check().verdict()).isEqualTo(Verdict.UNKNOWN);
    }
}
