package dev.unwrite.chaos.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a node has printed about its role: lines that begin with the moment. */
public record RoleLog(Path file) {
    /** A secondary notices a failure. */
    public static final String DETECTED = " the primary is silent";

    /** The former primary is fenced. */
    public static final String TOOK_OVER = " took over: ";

    /** The machine runs. */
    public static final String IS_PRIMARY = " is primary, alone: ";

    /** A secondary has joined. */
    public static final String IS_PROTECTED = " is protected by ";

    /** How many lines say that. */
    public long count(String what) {
        return lines(what).size();
    }

    /** When it was first said after that moment. */
    public Optional<Instant> firstAfter(Instant since, String what) {
        return lines(what).stream()
                .map(RoleLog::when)
                .filter(when -> when.isAfter(since))
                .findFirst();
    }

    private List<String> lines(String what) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.contains(what)).toList();
        } catch (IOException | UncheckedIOException e) {
            throw new ClusterException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** When a line was said, to the millisecond. */
    public static Instant when(String line) {
        return Instant.parse(line.substring(0, line.indexOf(' ')));
    }
}
