package dev.unwrite.chaos.report;

import java.io.IOException;
import java.nio.file.Path;

/** Writes the page of the sample run, to look at while the template is being worked on. */
final class SamplePage {
    private SamplePage() {}

    public static void main(String[] args) throws IOException {
        Report.write(Path.of(args[0]), SampleRun.valid());
    }
}
