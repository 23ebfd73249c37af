package dev.unwrite.chaos.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** What a {@link TickGuest} said on the console of one host: the log that the node writes from when it started QEMU on. */
public final class Console {
    private static final Pattern TICK = Pattern.compile("TICK (\\d+)");

    private final Path log;

    /** {@code log} is what QEMU prints. */
    Console(Path log) {
        this.log = log;
    }

    /** {@code data} is the folder of the node. */
    static Console of(Path data) {
        return new Console(data.resolve("qemu/log"));
    }

    /** The lines that are whole; none where there was no guest. */
    public List<String> lines() {
        try {
            String text = Files.readString(log, StandardCharsets.ISO_8859_1);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Those that begin with one of these words. */
    public List<String> lines(String... words) {
        Predicate<String> wanted = line -> List.of(words).stream().anyMatch(line::startsWith);
        return lines().stream().filter(wanted).toList();
    }

    /** The number that was said first. */
    public OptionalLong firstTick() {
        return ticks().findFirst();
    }

    /** The number that was said last. */
    public OptionalLong lastTick() {
        return ticks().reduce((earlier, later) -> later);
    }

    /** All numbers, in order. */
    public LongStream ticks() {
        return lines().stream()
                .map(TICK::matcher)
                .filter(Matcher::matches)
                .mapToLong(tick -> Long.parseLong(tick.group(1)));
    }
}
