package dev.unwrite.chaos.volume;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The state that the machine hands over with a checkpoint: a line that says which one, and a filling that follows from it. */
public final class VolumeState {
    private static final Pattern TEXT = Pattern.compile("(checkpoint (\\d{1,18}), next write \\d{1,18}\\.)[0-9a-f]*");
    /** More than fits into a page, less than what would be felt. */
    private static final int FILL_WORDS = 1_000;

    private VolumeState() {}

    /** The line of checkpoint {@code number}; {@code next} is the number of the next write. */
    public static String line(long number, long next) {
        return "checkpoint " + number + ", next write " + next + ".";
    }

    /** All that is handed over with such a line. */
    public static String whole(String line, long number) {
        StringBuilder text = new StringBuilder(line);
        long fill = number;
        for (int i = 0; i < FILL_WORDS; i++) {
            fill = fill * 6364136223846793005L + 1442695040888963407L;
            text.append(Long.toHexString(fill | 1L << 63));
        }
        return text.toString();
    }

    /** The number that such a line says; 0 for an empty one, -1 for one that is torn. */
    public static long numberOf(String line) {
        Matcher text = TEXT.matcher(line);
        return line.isEmpty() ? 0 : text.matches() ? Long.parseLong(text.group(2)) : -1;
    }

    /** The line of a state that was handed back; empty for an empty state, and the word torn for one that is not whole. */
    public static String lineOf(String state) {
        if (state.isEmpty()) {
            return "";
        }
        Matcher text = TEXT.matcher(state);
        return text.matches()
                        && whole(text.group(1), Long.parseLong(text.group(2))).equals(state)
                ? text.group(1)
                : "torn";
    }
}
