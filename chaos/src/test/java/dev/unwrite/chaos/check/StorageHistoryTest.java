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

    @Test
    void withoutAnyWriteNothingIsKnown() throws Exception {
        assertThat(read(record(1, "A", "solo")).check().verdict()).isEqualTo(Verdict.UNKNOWN);
    }
}
