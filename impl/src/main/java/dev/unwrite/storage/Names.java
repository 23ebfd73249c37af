package dev.unwrite.storage;

import java.util.regex.Pattern;

/** The names of groups, volumes and hosts: bounded, and safe in a file name, an export name and a log line. */
public final class Names {
    /** The longest name, in characters. */
    public static final int LENGTH_MAX = 64;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + LENGTH_MAX + "}");

    private Names() {}

    /** Whether {@code name} is 1 to {@value #LENGTH_MAX} letters, digits, dots, underscores or hyphens of ASCII. */
    public static boolean valid(String name) {
        return NAME.matcher(name).matches();
    }

    /** Returns {@code name}, or throws {@link IllegalArgumentException} with one line that says what is allowed. */
    public static String check(String what, String name) {
        if (!valid(name)) {
            String shown = name.length() > LENGTH_MAX ? name.substring(0, LENGTH_MAX) + "..." : name;
            throw new IllegalArgumentException(what + " \"" + shown.replaceAll("[^\\x20-\\x7e]", "?")
                    + "\" is not 1 to " + LENGTH_MAX + " characters of A-Z a-z 0-9 . _ -");
        }
        return name;
    }
}
