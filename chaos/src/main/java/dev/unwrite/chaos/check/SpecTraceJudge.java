package dev.unwrite.chaos.check;

import dev.unwrite.conformance.trace.TraceFormatException;
import dev.unwrite.conformance.trace.TraceProgress;
import dev.unwrite.conformance.trace.TraceValidation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Asks the model checker, for a bounded time: what is not decided by then is unknown. */
public final class SpecTraceJudge implements TraceJudge {
    private static final int DETAILS_MAX = 8;

    private final Duration within;
    private final Consumer<String> tell;

    /** {@code within} bounds the wait; {@code tell} gets a line each minute. */
    public SpecTraceJudge(Duration within, Consumer<String> tell) {
        this.within = within;
        this.tell = tell;
    }

    /** The same, without a word until the end. */
    public SpecTraceJudge(Duration within) {
        this(within, line -> {});
    }

    @Override
    public Judgement judge(Path traces) {
        FutureTask<dev.unwrite.conformance.trace.TraceJudgment> task =
                new FutureTask<>(() -> TraceValidation.validate(List.of(traces), TraceProgress.inLines(tell)));
        Thread thread = Thread.ofPlatform().daemon().name("trace-validation").start(task);
        try {
            return judgement(task.get(within.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            thread.interrupt();
            return unknown("not decided in " + within.toSeconds() + " s; \"unwrite validate " + traces
                    + "\" takes the time that it needs");
        } catch (ExecutionException e) {
            return unknown(why(Objects.requireNonNullElse(e.getCause(), e)));
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            return unknown("interrupted");
        }
    }

    private static Judgement judgement(dev.unwrite.conformance.trace.TraceJudgment verdict) {
        return switch (verdict) {
            case dev.unwrite.conformance.trace.TraceJudgment.Accepted a ->
                new Judgement(
                        Verdict.VALID,
                        List.of(a.events() + " lines of trace are " + a.steps() + " steps of Unwrite.tla on "
                                + a.blocks() + " blocks, checked one by one in "
                                + a.time().toMillis() / 1000.0 + " s"));
            case dev.unwrite.conformance.trace.TraceJudgment.Rejected r -> {
                List<String> evidence = new ArrayList<>();
                evidence.add(r.file() + ", line " + r.line() + ": " + r.why());
                r.details().stream().limit(DETAILS_MAX).forEach(evidence::add);
                yield new Judgement(Verdict.INVALID, evidence);
            }
        };
    }

    private static String why(Throwable cause) {
        String message = cause.getMessage();
        return switch (cause) {
            case TraceFormatException e -> "no judgement: " + message;
            case IOException e -> "the checker did not do its work: " + message;
            default -> "the checker failed: " + cause;
        };
    }

    private static Judgement unknown(String why) {
        return new Judgement(Verdict.UNKNOWN, List.of(why));
    }
}
