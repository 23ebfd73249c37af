package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.trace.RecordedEvent;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What was recorded, once more in the simulator: the same steps at the same hosts, and every property after every move. */
public final class RecordedReplay {
    private final Steering steering;
    private final ReplayTally tally = new ReplayTally();
    private @Nullable Violation violation;
    private int line = -1;

    /** Hears of each line when it was taken. */
    interface Watching {
        void taken(RecordedEvent event, List<Move> made, SimWorld world);
    }

    private RecordedReplay(List<RecordedEvent> events, int blocks, Predicate<RecordedEvent> losesPower) {
        steering = new Steering(events, blocks, losesPower, tally);
    }

    /**
     * Goes through these lines, in their order, to their end or to the first property that is broken.
     *
     * @param blocks how many blocks they name
     * @param losesPower says of the start of a storage whether it had lost what was not flushed; a trace does not say so
     * @param beginning moves before the first line; empty if that is the beginning of the recording
     */
    static RecordedReplay of(
            List<RecordedEvent> events,
            int blocks,
            Predicate<RecordedEvent> losesPower,
            List<Move> beginning,
            Watching watching) {
        RecordedReplay replay = new RecordedReplay(events, blocks, losesPower);
        replay.run(events, beginning, watching);
        return replay;
    }

    private void run(List<RecordedEvent> events, List<Move> beginning, Watching watching) {
        SimWorld world = steering.world();
        boolean ended = false;
        try {
            steering.begin(beginning);
            for (line = 0; line < events.size(); line++) {
                int before = steering.moves().size();
                steering.take(line);
                watching.taken(
                        events.get(line),
                        steering.moves().subList(before, steering.moves().size()),
                        world);
            }
            steering.end();
            ended = true;
            world.finish();
        } catch (Violation e) {
            violation = e;
        } finally {
            if (!ended) {
                world.close();
            }
        }
    }

    /** The moves that were made: plain ones, which make the same run without the recording. */
    public List<Move> moves() {
        return steering.moves();
    }

    /** How much of the recording was done. */
    public ReplayTally tally() {
        return tally;
    }

    /** What was broken, or null. */
    public @Nullable Violation violation() {
        return violation;
    }

    /** At which line it was broken; how many lines there are, if it was after them, when all must end well. */
    int line() {
        return line;
    }

    Counts counts() {
        return steering.world().counts();
    }
}
