package dev.unwrite.chaos.campaign;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Some programs of a campaign have a clock that is wrong by minutes or hours. Their traces have in their name when they were
 * begun, by that clock; the file system knows by its own when that was.
 */
final class TraceClocks {
    private static final Pattern NAME = Pattern.compile(".*-(\\d+)\\.ndjson");
    /** Clocks that are made wrong are so by two minutes or more. */
    private static final long WRONG_MICROS = TimeUnit.SECONDS.toMicros(60);

    private TraceClocks() {}

    /** How many microseconds the clock was ahead; 0 if it was right, or if that is not known. */
    static long aheadMicros(Path trace) throws IOException {
        Matcher name = NAME.matcher(String.valueOf(trace.getFileName()));
        BasicFileAttributes file = Files.readAttributes(trace, BasicFileAttributes.class);
        if (!name.matches() || file.creationTime().equals(file.lastModifiedTime())) {
            // Where a file system does not know when a file was made, it says when it was last written.
            return 0;
        }
        long ahead = Long.parseLong(name.group(1)) - file.creationTime().to(TimeUnit.MICROSECONDS);
        return Math.abs(ahead) < WRONG_MICROS ? 0 : ahead;
    }
}
