package dev.unwrite.conformance.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * A text of commands and what they print: a line of dashes follows one or several commands, and what they print stands below
 * it, up to the next empty line. Lines that begin with # are comments.
 *
 * @param parts in their order
 */
record Story(List<Part> parts) {
    private static final String DASHES = "----";

    /**
     * Comments and empty lines, or commands without what they print.
     *
     * @param line the line of the text in which it begins, from 1
     * @param isCommands else they are comments
     * @param lines as they stand in the text
     */
    record Part(int line, boolean isCommands, List<String> lines) {
        /** As text, with what its commands print now. */
        List<String> with(List<String> now) {
            List<String> all = new ArrayList<>(lines);
            if (isCommands) {
                all.add(DASHES);
                all.addAll(now);
                all.add("");
            }
            return all;
        }
    }

    /** Throws {@link IllegalArgumentException} with one line. */
    static Story parse(String text) {
        List<String> lines = text.lines().toList();
        List<Part> parts = new ArrayList<>();
        int at = 0;
        while (at < lines.size()) {
            int from = at;
            boolean isCommands = !isComment(lines.get(at));
            while (at < lines.size()
                    && isComment(lines.get(at)) == !isCommands
                    && !lines.get(at).equals(DASHES)) {
                at++;
            }
            List<String> own = lines.subList(from, at);
            if (!isCommands) {
                parts.add(new Part(from + 1, false, own));
                continue;
            }
            if (at == from || at == lines.size() || !lines.get(at).equals(DASHES)) {
                throw new IllegalArgumentException("line " + (from + 1) + ": there must be commands with " + DASHES
                        + " below them, or a comment that begins with #");
            }
            while (at < lines.size() && !lines.get(at).isBlank()) {
                at++;
            }
            parts.add(new Part(from + 1, true, own));
            at++; // The empty line belongs to the part.
        }
        return new Story(parts);
    }

    private static boolean isComment(String line) {
        return line.isBlank() || line.startsWith("#");
    }
}
