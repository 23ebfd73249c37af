package dev.unwrite.spec.tlc;

import dev.unwrite.spec.value.TlaParser;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what TLC prints with {@code -tool}, line by line: messages between marks that carry a code. */
final class TlcOutput {
    /** Of what TLC prints, this many last lines are kept. */
    private static final int LINES_KEPT_MAX = 400;
    /** No more errors than this are kept. */
    private static final int ERRORS_KEPT_MAX = 50;
    /** No more states of a counterexample than this are kept. */
    private static final int STEPS_KEPT_MAX = 20_000;

    /** Of what TLC says of an error, so many characters go into one line. */
    private static final int WORDS_MAX = 600;

    private static final int SEVERITY_ERROR = 1;
    private static final int SEVERITY_BUG = 2;

    private static final int INVARIANT_INITIAL = 2107;
    private static final int PROPERTY_INITIAL = 2108;
    private static final int INVARIANT = 2110;
    private static final int ACTION_PROPERTY = 2112;
    private static final int DEADLOCK = 2114;
    private static final int TEMPORAL_PROPERTY = 2116;
    private static final int BACK_TO_STATE = 2122;
    private static final int SUCCESS = 2193;
    private static final int DEPTH = 2194;
    private static final int STATS = 2199;
    private static final int PROGRESS = 2200;
    private static final int PROGRESS_SIMULATION = 2209;
    private static final int STATE = 2217;
    private static final int STUTTERING = 2218;

    private static final Pattern START = Pattern.compile("@!@!@STARTMSG (-?\\d+):(\\d+) @!@!@");
    private static final Pattern END = Pattern.compile("@!@!@ENDMSG -?\\d+ @!@!@");
    private static final Pattern DEPTH_TEXT = Pattern.compile("depth of the complete state graph search is (\\d+)");
    private static final Pattern STATS_TEXT = Pattern.compile(
            "(?:Progress\\((-?\\d+)\\).*?: )?(-?[\\d,]+) states generated(?: \\([^)]*\\))?, (-?[\\d,]+) distinct states"
                    + " found(?: \\([^)]*\\))?, (-?[\\d,]+) states left on queue");
    private static final Pattern VIOLATED =
            Pattern.compile("(?:Invariant|Action property|Property) (.+?) is violated( by the initial state:)?");
    private static final Pattern STATE_HEAD = Pattern.compile("(\\d+): <(.*)>");
    private static final Pattern ACTION =
            Pattern.compile("(\\w+)(?:\\((.*)\\))? (line \\d+, col \\d+ to line \\d+, col \\d+ of module \\w+)");
    /** A model puts it before the name of an action that it gives a bound. */
    private static final Pattern BOUNDED = Pattern.compile("^MC(?=[A-Z])");

    private static final Pattern BACK_TO = Pattern.compile("(\\d+): Back to state");

    private final Consumer<TlcProgress> listener;
    private final Deque<String> kept = new ArrayDeque<>();
    private final List<String> errors = new ArrayList<>();
    private final List<TraceStep> trace = new ArrayList<>();
    private final Set<Integer> codes = new HashSet<>();
    /** The messages begun and not ended: one may stand inside another. */
    private final Deque<Message> open = new ArrayDeque<>();

    private TlcProgress progress = TlcProgress.NONE;
    private int depth;
    private @Nullable String violated;

    TlcOutput(Consumer<TlcProgress> listener) {
        this.listener = listener;
    }

    /** Takes the next line. */
    void line(String line) {
        Matcher start = START.matcher(line);
        if (start.matches()) {
            open.push(new Message(
                    Integer.parseInt(start.group(1)), Integer.parseInt(start.group(2)), new StringBuilder()));
        } else if (END.matcher(line).matches()) {
            end();
        } else {
            Message message = open.peek();
            if (message != null) {
                message.text.append(line).append('\n');
            }
            keep(line);
        }
    }

    private record Message(int code, int severity, StringBuilder text) {}

    private void end() {
        Message message = open.poll();
        if (message == null) {
            return;
        }
        Message around = open.peek();
        if (around != null) {
            around.text.append(message.text);
        }
        message(message.code, message.severity, message.text.toString());
    }

    private void keep(String line) {
        if (line.startsWith("Parsing file") || line.startsWith("Semantic processing") || line.isBlank()) {
            return;
        }
        if (kept.size() == LINES_KEPT_MAX) {
            kept.removeFirst();
        }
        kept.addLast(line);
    }

    private void message(int code, int severity, String text) {
        codes.add(code);
        if ((severity == SEVERITY_ERROR || severity == SEVERITY_BUG) && errors.size() < ERRORS_KEPT_MAX) {
            errors.add(text.strip());
        }
        switch (code) {
            case INVARIANT, ACTION_PROPERTY -> violated = violatedName(text);
            case INVARIANT_INITIAL, PROPERTY_INITIAL -> {
                violated = violatedName(text);
                int state = text.indexOf('\n') + 1;
                addStep(new TraceStep(1, TraceStep.INITIAL, "", null, TlaParser.state(text.substring(state))));
            }
            case DEADLOCK -> violated = "Deadlock";
            case DEPTH -> depth = number(DEPTH_TEXT, text);
            case STATS, PROGRESS, PROGRESS_SIMULATION -> stats(text);
            case STATE -> state(text);
            case STUTTERING -> addStep(new TraceStep(trace.size() + 1, TraceStep.STUTTERING, "", null, Map.of()));
            case BACK_TO_STATE ->
                addStep(new TraceStep(
                        trace.size() + 1, TraceStep.BACK, "", Integer.toString(number(BACK_TO, text)), Map.of()));
            default -> {
                // Of no interest beyond the kept lines.
            }
        }
    }

    private void addStep(TraceStep step) {
        if (trace.size() < STEPS_KEPT_MAX) {
            trace.add(step);
        }
    }

    private void state(String text) {
        int lineEnd = text.indexOf('\n');
        Matcher head = STATE_HEAD.matcher(text.substring(0, lineEnd));
        if (!head.matches()) {
            return;
        }
        Matcher action = ACTION.matcher(head.group(2));
        boolean named = action.matches();
        String parameters = named && action.group(2) != null ? action.group(2) : "";
        addStep(new TraceStep(
                Integer.parseInt(head.group(1)),
                named ? BOUNDED.matcher(action.group(1)).replaceFirst("") : TraceStep.INITIAL,
                parameters,
                named ? action.group(3) : null,
                TlaParser.state(text.substring(lineEnd + 1))));
    }

    private void stats(String text) {
        Matcher stats = STATS_TEXT.matcher(text);
        if (stats.find()) {
            int deep = stats.group(1) == null ? progress.depth() : Integer.parseInt(stats.group(1));
            progress = new TlcProgress(
                    Math.max(0, deep), count(stats.group(2)), count(stats.group(3)), count(stats.group(4)));
            listener.accept(progress);
        }
    }

    private static long count(String digits) {
        return Math.max(0, Long.parseLong(digits.replace(",", "")));
    }

    private static int number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static @Nullable String violatedName(String text) {
        Matcher matcher = VIOLATED.matcher(text);
        return matcher.find() ? matcher.group(1) : null;
    }

    /**
     * The result of the run that has ended. An exit code counts only together with the message that belongs to it.
     *
     * @param broken why the run counts for nothing, or null
     */
    TlcResult result(int exit, @Nullable String broken, boolean simulated, Duration time) {
        TlcVerdict claimed = broken == null ? TlcVerdict.ofExit(exit) : TlcVerdict.BROKEN;
        String doubt = broken == null ? doubt(claimed, exit, simulated) : broken;
        TlcVerdict verdict = doubt == null ? claimed : TlcVerdict.BROKEN;
        return new TlcResult(
                verdict,
                doubt == null ? why(verdict) : doubt,
                exit,
                progress.generated(),
                progress.distinct(),
                depth,
                verdict.isViolation() ? violated : null,
                trace,
                errors,
                List.copyOf(kept),
                time);
    }

    private @Nullable String doubt(TlcVerdict claimed, int exit, boolean simulated) {
        return switch (claimed) {
            case BROKEN -> "TLC ended with exit code " + exit + lastWords();
            case HOLDS -> {
                boolean said = codes.contains(simulated ? PROGRESS_SIMULATION : SUCCESS);
                boolean looked = progress.generated() > 0 && (simulated || progress.distinct() > 0);
                yield !said || !errors.isEmpty()
                        ? "TLC ended with 0, but did not say that no error was found" + lastWords()
                        : looked ? null : "TLC found no state at all: nothing was checked";
            }
            case DEADLOCK -> unless(codes.contains(DEADLOCK), exit);
            case INVARIANT -> unless(codes.contains(INVARIANT) || codes.contains(INVARIANT_INITIAL), exit);
            case PROPERTY ->
                unless(
                        codes.contains(ACTION_PROPERTY)
                                || codes.contains(PROPERTY_INITIAL)
                                || codes.contains(TEMPORAL_PROPERTY),
                        exit);
            // TLC takes what its JVM lacks for a mistake in the specification.
            case EVALUATION ->
                errors.stream().anyMatch(error -> error.contains(OutOfMemoryError.class.getName()))
                        ? "TLC ran out of memory: give the model a larger heap"
                        : null;
            default -> null;
        };
    }

    private @Nullable String unless(boolean said, int exit) {
        return said ? null : "TLC ended with " + exit + ", but did not say what is violated" + lastWords();
    }

    private String why(TlcVerdict verdict) {
        if (verdict == TlcVerdict.HOLDS) {
            return "holds";
        }
        if (verdict.isViolation() && violated != null) {
            return violated + (verdict == TlcVerdict.DEADLOCK ? "" : " is violated");
        }
        return verdict.name().toLowerCase(java.util.Locale.ROOT) + lastWords();
    }

    private String lastWords() {
        String words = errors.isEmpty() ? String.join(" ", kept) : errors.getFirst();
        String line = words.strip().replaceAll("\\s+", " ");
        return line.isEmpty() ? "" : ": " + (line.length() > WORDS_MAX ? line.substring(0, WORDS_MAX) + " ..." : line);
    }
}
