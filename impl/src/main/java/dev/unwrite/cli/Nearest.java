package dev.unwrite.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the known word closest to a mistyped one. */
final class Nearest {
    private Nearest() {}

    /** The candidate that differs least, if in no more than a third of its letters; else null. */
    static @Nullable String of(String word, Iterable<String> candidates) {
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int slips = slips(word.toLowerCase(Locale.ROOT), candidate);
            if (slips < least && slips <= Math.max(1, candidate.length() / 3)) {
                nearest = candidate;
                least = slips;
            }
        }
        return nearest;
    }

    /** The Levenshtein distance. */
    private static int slips(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
