package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.stage.StageException;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.Function;

/** What a stage spoils is tried once more: a trouble of the engine says nothing about what plays on it. */
final class Tries {
    private static final int MOST = 2;

    private Tries() {}

    /** Something on a stage of its own. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException, InterruptedException;
    }

    /**
     * Runs it, and once more if the stage failed: it threw a {@link StageException}, or says so in its result.
     *
     * @param trouble of the stage in a result, or empty
     * @return the last result, even one with trouble: its verdict is unknown
     * @throws StageException if the stage failed the last time, too
     */
    static <T> T of(Work<T> work, Function<T, String> trouble, Consumer<String> say)
            throws IOException, InterruptedException {
        for (int attempt = 1; attempt < MOST; attempt++) {
            String why;
            try {
                T result = work.run();
                why = trouble.apply(result);
                if (why.isEmpty()) {
                    return result;
                }
            } catch (StageException e) {
                why = String.valueOf(e.getMessage());
            }
            say.accept("unknown   the stage failed, not what plays on it; once more: " + why);
        }
        return work.run();
    }
}
