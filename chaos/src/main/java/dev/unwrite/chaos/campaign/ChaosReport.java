package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.report.Page;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what a campaign leaves. */
final class ChaosReport {
    private ChaosReport() {}

    /** {@code results.json} first: the page only shows what is in it, and more. */
    static void write(Path dir, ChaosResults results, Campaign.Settings settings, Campaign.Outcome outcome)
            throws IOException {
        Page.putJson(dir.resolve("results.json"), results);
        PageData data = PageDataOf.run(results, settings, outcome, dir.resolve("trace"));
        Page.write(dir.resolve("report.html"), "chaos.html", data);
    }
}
