package dev.unwrite.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads and writes durations as on the command line: {@code 50ms}, {@code 2s}, {@code 1m}, {@code 1h}. */
public final class Durations {
    /** Means: only by command. */
    public static final String MANUAL = "manual";
    /** The longest duration. */
    public static final Duration MAX = Duration.ofDays(7);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    private Durations() {}

    /** Reads a duration from 1 ms to {@link #MAX}. Throws IllegalArgumentException with one line. */
    public static Duration parse(String text) {
        if (text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException(
                    "'" + text + "' has no unit; write " + text + "s for seconds (or ms, m, h)");
        }
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a duration, such as 50ms, 2s, 1m or 1h");
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
        if (duration.isZero() || duration.compareTo(MAX) > 0) {
            throw new IllegalArgumentException("'" + text + "' is not between 1ms and " + MAX.toHours() + "h");
        }
        return duration;
    }

    /** As {@link #parse}; null for {@value #MANUAL}. */
    public static @Nullable Duration parseOrManual(String text) {
        if (text.equals(MANUAL)) {
            return null;
        }
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", or " + MANUAL, e);
        }
    }

    /** In the form that {@link #parse} reads, in the largest unit that divides it; rounded down to milliseconds. */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 1000 != 0 || millis == 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds % 60 != 0) {
            return seconds + "s";
        }
        return seconds % 3600 != 0 ? seconds / 60 + "m" : seconds / 3600 + "h";
    }

    /** For picocli: {@code @Option(converter = Durations.Converter.class)}. */
    public static final class Converter implements ITypeConverter<Duration> {
        /** Called by picocli. */
        public Converter() {}

        @Override
        public Duration convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
