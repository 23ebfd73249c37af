package dev.unwrite.spec.model;

import dev.unwrite.spec.tlc.TlcProgress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** Runs models at the same time, as many as there are cores for, those that take longest first. */
public final class CheckRunner {
    private final ModelCheck check;
    private final Pins pins;
    private final int cores;

    /** A model counts for as many of {@code cores} as it has workers. */
    public CheckRunner(ModelCheck check, Pins pins, int cores) {
        this.check = check;
        this.pins = pins;
        this.cores = Math.max(1, cores);
    }

    /** Is told what happens; called by several threads, one at a time for each model. */
    public interface Listener {
        /** A model's run begins. */
        default void started(Model model) {}

        /** A model's run has come so far. */
        default void progress(Model model, TlcProgress progress) {}

        /** A model's run has ended. */
        default void finished(ModelOutcome outcome) {}
    }

    /** Runs all and returns the outcomes in the order of {@code models}. An interrupt ends all. */
    public List<ModelOutcome> run(List<Model> models, Listener listener) throws IOException, InterruptedException {
        Semaphore free = new Semaphore(cores, true);
        List<Model> order = new ArrayList<>(models);
        order.sort(Comparator.comparingDouble(this::secondsExpected).reversed());
        List<Future<ModelOutcome>> futures = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (Model model : order) {
                    int share = Math.min(cores, model.workers());
                    free.acquire(share);
                    futures.add(threads.submit(() -> {
                        try {
                            listener.started(model);
                            ModelOutcome outcome = check.check(model, progress -> listener.progress(model, progress));
                            listener.finished(outcome);
                            return outcome;
                        } finally {
                            free.release(share);
                        }
                    }));
                }
                List<ModelOutcome> outcomes = new ArrayList<>();
                for (Future<ModelOutcome> future : futures) {
                    outcomes.add(get(future));
                }
                outcomes.sort(Comparator.comparingInt(outcome -> models.indexOf(outcome.model())));
                return outcomes;
            } finally {
                threads.shutdownNow();
            }
        }
    }

    private static ModelOutcome get(Future<ModelOutcome> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case InterruptedException interrupted -> throw interrupted;
                case null, default -> throw new IllegalStateException("a check failed to run", e);
            }
        }
    }

    private double secondsExpected(Model model) {
        return pins.of(model).map(Pin::seconds).orElse(Double.MAX_VALUE);
    }
}
