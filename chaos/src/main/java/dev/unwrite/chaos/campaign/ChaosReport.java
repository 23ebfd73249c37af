package dev.unwrite.chaos.campaign;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes what a campaign leaves. */
final class ChaosReport {
    private ChaosReport() {}

    static void write(Path dir, ChaosResults results, Campaign.Outcome outcome) throws IOException {
        Files.writeString(dir.resolve("results.json"), ChaosCommand.json().writeValueAsString(results) + "\n");
    }
}
