package dev.unwrite.chaos.report;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A page that needs nothing but itself: a template with its data put in. */
public final class Page {
    private static final JsonMapper INDENTED =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final JsonMapper COMPACT = JsonMapper.builder().build();
    private static final String PLACE = "/*DATA*/null";
    /** Where a template has what all pages have in common. */
    private static final String STYLE = "/*STYLE*/";

    private static final String SCRIPT = "/*SCRIPT*/";
    /** Where a page, or what pages have in common, has the building blocks of all. */
    private static final String DOM = "/*DOM*/";

    private Page() {}

    /** Writes the page; {@code template} is the name of one beside this class. */
    public static void write(Path file, String template, Object data) throws IOException {
        String page = part(template)
                .replace(STYLE, part("page.css"))
                .replace(SCRIPT, part("page.js"))
                .replace(DOM, part("dom.js"));
        put(file, page.replace(PLACE, embeddable(COMPACT.writeValueAsString(data))));
    }

    /** A text in the data must not end the script that it is embedded in. */
    private static String embeddable(String json) {
        return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
    }

    private static String part(String name) throws IOException {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException(name + " is not beside the classes");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Writes JSON for people and programs, which appears whole. */
    public static void putJson(Path file, Object content) throws IOException {
        put(file, INDENTED.writeValueAsString(content) + "\n");
    }

    private static void put(Path file, String text) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(whole, text);
        Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
}
