package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a folder's disk takes of plain large writes: dd writes over a file that is there already, as a rollback does. */
final class DirectWrites {
    private static final Pattern COPIED = Pattern.compile("([0-9]+) bytes.* copied, ([0-9.e+-]+) s, ");
    private static final Duration MOST = Duration.ofMinutes(2);
    private static final double MIB = 1 << 20;

    private final Path file;

    /** Makes the file, full and durable; at most as much can be written to it at once. */
    DirectWrites(Path file, long bytes) throws IOException {
        this.file = file;
        Images.fill(List.of(file), bytes);
    }

    /** Writes so many bytes, which are a multiple of a MiB, and flushes; in MiB a second. */
    double mibPerSecond(long bytes) {
        List<String> words = List.of(
                "env",
                "LC_ALL=C",
                "dd",
                "if=/dev/zero",
                "of=" + file,
                "bs=1M",
                "count=" + (bytes >> 20),
                "oflag=direct",
                "conv=notrunc,fdatasync");
        try {
            return mibPerSecond(Tools.run(MOST, words));
        } catch (StageException e) {
            throw new BenchException("dd could not write to " + file + ": " + e.getMessage(), e);
        }
    }

    /** Of what dd says, without the rounding of its own rate. */
    static double mibPerSecond(String said) {
        Matcher matcher = COPIED.matcher(said);
        if (!matcher.find()) {
            throw new BenchException("dd did not say what it wrote: " + said.strip());
        }
        return Long.parseLong(matcher.group(1)) / MIB / Double.parseDouble(matcher.group(2));
    }
}
