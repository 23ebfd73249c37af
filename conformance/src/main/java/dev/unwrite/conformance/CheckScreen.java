package dev.unwrite.conformance;

import dev.unwrite.spec.model.CheckRunner;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.ModelOutcome;
import dev.unwrite.spec.tlc.TlcProgress;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/** Shows how the checks go: a line for each that has ended and, on a terminal, a line of what runs. */
final class CheckScreen implements CheckRunner.Listener {
    private static final int LIVE_WIDTH_MAX = 110;

    private final PrintWriter out;
    private final boolean live;
    private final Map<String, TlcProgress> running = new LinkedHashMap<>();

    CheckScreen(PrintWriter out, boolean live) {
        this.out = out;
        this.live = live;
    }

    @Override
    public synchronized void started(Model model) {
        running.put(model.name(), TlcProgress.NONE);
        showRunning();
    }

    @Override
    public synchronized void progress(Model model, TlcProgress progress) {
        running.put(model.name(), progress);
        showRunning();
    }

    @Override
    public synchronized void finished(ModelOutcome outcome) {
        running.remove(outcome.model().name());
        clear();
        out.println(line(outcome));
        out.flush();
        showRunning();
    }

    /** The table at the end. */
    synchronized void summary(List<ModelOutcome> outcomes) {
        clear();
        List<ModelOutcome> failed =
                outcomes.stream().filter(outcome -> !outcome.passed()).toList();
        long mustFail =
                outcomes.stream().filter(outcome -> !outcome.model().mustHold()).count();
        long states = outcomes.stream()
                .mapToLong(outcome -> outcome.result().distinct())
                .sum();
        out.println();
        out.printf(
                Locale.ROOT,
                "%d models that must hold, %d that must fail; %,d distinct states; %s%n",
                outcomes.size() - mustFail,
                mustFail,
                states,
                failed.isEmpty() ? "all as expected" : failed.size() + " NOT AS EXPECTED:");
        failed.forEach(outcome -> out.println(line(outcome)));
        out.flush();
    }

    private static String line(ModelOutcome outcome) {
        return String.format(
                Locale.ROOT,
                "%-4s %7.1f s  %-28s %s",
                outcome.passed() ? "ok" : "FAIL",
                outcome.result().time().toMillis() / 1000.0,
                outcome.model().name(),
                outcome.message());
    }

    private void showRunning() {
        if (!live || running.isEmpty()) {
            return;
        }
        StringJoiner text = new StringJoiner("; ", "... ", "");
        running.forEach((name, progress) -> text.add(
                progress.distinct() == 0
                        ? name
                        : String.format(
                                Locale.ROOT, "%s: %,d states, %,d left", name, progress.distinct(), progress.queue())));
        clear();
        out.print(text.length() > LIVE_WIDTH_MAX ? text.toString().substring(0, LIVE_WIDTH_MAX) : text.toString());
        out.flush();
    }

    private void clear() {
        if (live) {
            out.print("\r\u001b[K");
        }
    }
}
