package dev.unwrite.chaos.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Writes {@code results.json} and {@code report.html}. */
public final class Report {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Report() {}

    /** Writes both into the folder; they appear whole. Returns what is in {@code results.json}. */
    public static ReportResults write(Path folder, RunRecord run) throws IOException {
        return write(folder, run, null);
    }

    /** The same of a run whose machine was a guest. */
    public static ReportResults write(Path folder, RunRecord run, @Nullable GuestReport guest) throws IOException {
        ReportResults results = ResultsOf.run(run);
        Page.putJson(folder.resolve("results.json"), results);
        ObjectNode data = JSON.createObjectNode();
        data.set("results", JSON.valueToTree(results));
        data.set("timeline", JSON.valueToTree(TimelineOf.run(run)));
        data.set("setup", JSON.valueToTree(run.setup()));
        if (guest != null) {
            data.set("guest", JSON.valueToTree(guest.brief()));
        }
        Page.write(folder.resolve("report.html"), "report.html", data);
        return results;
    }
}
