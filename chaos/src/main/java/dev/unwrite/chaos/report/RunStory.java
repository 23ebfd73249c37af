package dev.unwrite.chaos.report;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.report.Event.Kind;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tells the run on the terminal, one line an event, and keeps the events for the report. Not thread-safe. */
public final class RunStory {
    private static final String RED = "31";
    private static final String GREEN = "32";
    private static final String YELLOW = "33";
    private static final String BOLD = "1";

    private final PrintWriter out;
    private final boolean colour;
    private final long startedAt = Moment.now();
    private final List<Event> events = new ArrayList<>();

    /** Tells to {@code out}, in colours or not; the run begins now. */
    public RunStory(PrintWriter out, boolean colour) {
        this.out = out;
        this.colour = colour;
    }

    /** Nanoseconds since 1970, as all moments. */
    public long startedAt() {
        return startedAt;
    }

    /** What was told so far, in this order. */
    public List<Event> events() {
        return List.copyOf(events);
    }

    /** Something happened just now. */
    public void tell(String lane, Kind kind, String text) {
        tell(Moment.now(), lane, kind, text);
    }

    /** Something happened at that moment. */
    public void tell(long at, String lane, Kind kind, String text) {
        events.add(new Event(at, lane, kind, text));
        out.printf(Locale.ROOT, "%6.2f s  %s%n", (at - startedAt) / 1e9, paint(text, colourOf(kind)));
        out.flush();
    }

    /** The table of checks. */
    private void verdicts(List<CheckResult> checks) {
        out.println();
        for (CheckResult check : checks) {
            out.println(paint(String.format(Locale.ROOT, "%-8s", check.verdict().word()), colourOf(check.verdict()))
                    + "  " + check.title());
            check.evidence().forEach(line -> out.println("          " + line));
        }
        out.println();
        out.flush();
    }

    /** A line that is no event. */
    public void line(String label, String text) {
        out.println(paint(String.format(Locale.ROOT, "%-8s", label), BOLD) + "  " + text);
        out.flush();
    }

    /** The verdict of all. */
    private void verdict(Verdict verdict, String text) {
        out.println(paint(
                        String.format(Locale.ROOT, "%-8s", verdict.word().toUpperCase(Locale.ROOT)), colourOf(verdict))
                + "  " + text);
        out.flush();
    }

    /** What came of it, where the report is, and how to run it again. */
    public void conclude(ReportResults results, Path folder) {
        verdicts(results.checks());
        verdict(
                ResultsOf.verdict(results.checks()),
                String.format(
                        Locale.ROOT,
                        "%d failovers, %d switchovers, %,d requests answered, %d blocks restored, seed %d",
                        results.failovers(),
                        results.switchovers(),
                        results.operations(),
                        results.numbers().restoredBlocks(),
                        results.seed()));
        line("report", folder.resolve("report.html").toString());
        line("again", results.command());
    }

    private String paint(String text, String code) {
        return colour && !code.isEmpty() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }

    private static String colourOf(Kind kind) {
        return switch (kind) {
            case KILL, FAILURE -> RED;
            case PRIMARY, PROTECTED, SWITCHOVER -> GREEN;
            case START, RESTART, NOTE -> "";
        };
    }

    private static String colourOf(Verdict verdict) {
        return switch (verdict) {
            case VALID -> GREEN;
            case INVALID -> RED;
            case UNKNOWN -> YELLOW;
        };
    }
}
