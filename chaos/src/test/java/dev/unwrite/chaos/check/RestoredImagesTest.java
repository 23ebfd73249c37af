package dev.unwrite.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RestoredImagesTest {
    @TempDir
    Path a;

    @TempDir
    Path b;

    private CheckResult check() {
        try (RestoredImages images = new RestoredImages(List.of(a, b))) {
            images.look();
            return images.check();
        }
    }

    private static void put(Path folder, String name, int changed) throws IOException {
        byte[] bytes = new byte[3 * BlockDiff.BLOCK_BYTES];
        bytes[changed * BlockDiff.BLOCK_BYTES] = 1;
        Files.write(folder.resolve(name), bytes);
    }

    @Test
    void anEqualCopyIsValid() throws Exception {
        put(a, "image-4-9.bin", 1);
        put(a, "image-4-10.bin", 2);
        put(b, "restored-5-9.bin", 1);
        assertThat(check().verdict()).isEqualTo(Verdict.VALID);
    }

    @Test
    void oneBlockThatDiffersIsFoundAndNamed() throws Exception {
        put(a, "image-4-9.bin", 1);
        put(b, "restored-5-9.bin", 2);
        CheckResult result = check();
        assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(result.evidence()).anyMatch(line -> line.contains("term 5") && line.contains("[1, 2]"));
    }

    @Test
    void theCutOfTheOwnerBeforeCounts() throws Exception {
        put(a, "image-2-9.bin", 1);
        put(a, "image-4-9.bin", 2);
        put(b, "restored-5-9.bin", 2);
        assertThat(check().verdict()).isEqualTo(Verdict.VALID);
    }

    @Test
    void withoutACopyOfTheCutNothingIsKnown() throws Exception {
        put(b, "restored-5-9.bin", 2);
        assertThat(check().verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void nothingAtAllIsUnknown() {
        assertThat(check().verdict()).isEqualTo(Verdict.UNKNOWN);
    }
}
