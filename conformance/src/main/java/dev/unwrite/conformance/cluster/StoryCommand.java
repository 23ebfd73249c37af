package dev.unwrite.conformance.cluster;

import dev.unwrite.protocol.Extent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One line of a story, taken apart at its blanks. What it does not have, or means nothing, is refused with one line. */
final class StoryCommand {
    private static final Pattern BLOCKS = Pattern.compile("(\\w+)/(\\d{1,6})(?:-(\\d{1,6}))?");
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})(ms|s)");

    private final String line;
    private final String[] parts;
    private final @Nullable Cluster cluster;

    /** A command to a cluster; null before there is one. */
    StoryCommand(String line, @Nullable Cluster cluster) {
        this.line = line;
        this.parts = line.trim().split("\\s+");
        this.cluster = cluster;
    }

    boolean has(int index) {
        return index < parts.length;
    }

    String part(int index) {
        if (!has(index)) {
            throw new IllegalArgumentException("\"" + line + "\" lacks something at its end");
        }
        return parts[index];
    }

    int number(int index, int otherwise) {
        return has(index) ? Integer.parseInt(parts[index]) : otherwise;
    }

    private Cluster cluster() {
        Cluster now = cluster;
        if (now == null) {
            throw new IllegalArgumentException("a story begins with the command pair");
        }
        return now;
    }

    SimHost host(int index) {
        return switch (part(index)) {
            case "A" -> cluster().processes()[0];
            case "B" -> cluster().processes()[1];
            default -> throw new IllegalArgumentException("there is no host " + parts[index]);
        };
    }

    SimHost liveHost(int index) {
        SimHost host = host(index);
        if (!host.isRunning()) {
            throw new IllegalArgumentException(host.name + " is down");
        }
        return host;
    }

    SimHost runningHost(int index) {
        SimHost host = liveHost(index);
        if (!host.room().isRunning()) {
            throw new IllegalArgumentException("no machine runs at " + host.name);
        }
        return host;
    }

    Line way(int index) {
        return switch (part(index)) {
            case "A->B" -> cluster().lines()[0];
            case "B->A" -> cluster().lines()[1];
            default -> throw new IllegalArgumentException("there is no way " + parts[index]);
        };
    }

    IllegalArgumentException unknown() {
        return new IllegalArgumentException("no command of a story: " + line);
    }

    // ---- What stands behind "pair".

    @Nullable
    String option(String name) {
        return options().get(name);
    }

    /** Blocks, and the word that they are to hold. */
    Map<String, String> contents() {
        Map<String, String> contents = options();
        contents.keySet().removeIf(name -> !name.contains("/"));
        return contents;
    }

    private Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] option = parts[i].split("=", 2);
            boolean known = option[0].contains("/")
                    || option[0].equals("undo-limit")
                    || option[0].equals("alone-at-limit-after");
            if (!known || option.length < 2) {
                throw new IllegalArgumentException("no option of a pair: " + parts[i]);
            }
            options.put(option[0], option[1]);
        }
        return options;
    }

    // ---- Its parts.

    static Extent blocks(String name) {
        Matcher match = BLOCKS.matcher(name);
        for (Cells.Volume volume : Cells.VOLUMES) {
            if (match.matches() && match.group(1).equals(volume.name())) {
                int first = Integer.parseInt(match.group(2));
                int last = match.group(3) == null ? first : Integer.parseInt(match.group(3));
                if (first <= last && last < volume.blocks()) {
                    return new Extent(volume.id(), first, last - first + 1);
                }
            }
        }
        throw new IllegalArgumentException("there are no blocks " + name + "; there are data/3 and data/0-9");
    }

    static Extent block(String name) {
        Extent extent = blocks(name);
        if (extent.count() > 1) {
            throw new IllegalArgumentException("not one block: " + name);
        }
        return extent;
    }

    static Duration time(String text) {
        Matcher match = TIME.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException("no time: " + text + "; there are 60ms and 2s");
        }
        int number = Integer.parseInt(match.group(1));
        return match.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number);
    }

    @Override
    public String toString() {
        return line;
    }
}
