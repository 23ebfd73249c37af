package dev.unwrite.chaos.report;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes {@code results.json} and {@code report.html}. */
public final class Report {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final JsonMapper COMPACT = JsonMapper.builder().build();
    private static final String TEMPLATE = "report.html";
    private static final String PLACE = "/*DATA*/null";

    private Report() {}

    /** Writes both into the folder; they appear whole. Returns what is in {@code results.json}. */
    public static Results write(Path folder, RunRecord run) throws IOException {
        Results results = ResultsOf.run(run);
        put(folder.resolve("results.json"), JSON.writeValueAsString(results) + "\n");
        ObjectNode data = COMPACT.createObjectNode();
        data.set("results", COMPACT.valueToTree(results));
        data.set("timeline", COMPACT.valueToTree(TimelineOf.run(run)));
        data.set("setup", COMPACT.valueToTree(run.setup()));
        put(folder.resolve("report.html"), template().replace(PLACE, embeddable(COMPACT.writeValueAsString(data))));
        return results;
    }

    /** A text in the data must not end the script that it is embedded in. */
    private static String embeddable(String json) {
        return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
    }

    private static String template() throws IOException {
        try (InputStream in = Report.class.getResourceAsStream(TEMPLATE)) {
            if (in == null) {
                throw new IOException("the template " + TEMPLATE + " is not beside the classes");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void put(Path file, String text) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(whole, text);
        Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
}
