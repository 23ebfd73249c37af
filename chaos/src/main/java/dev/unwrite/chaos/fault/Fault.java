package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.stage.Ability;
import java.util.List;
import java.util.Set;

/**
 * A kind of fault.
 *
 * @param name short, as in {@code --faults}
 * @param title what it does, for people
 * @param needs what the stage must be able to do
 * @param targets whom it can hit
 * @param breaks whether the other host is expected to take over when it hits the primary
 */
public record Fault(String name, String title, Set<Ability> needs, List<Target> targets, boolean breaks, Act act) {
    /** Does it. */
    @FunctionalInterface
    public interface Act {
        /** Strikes; returns when it has, with what is needed to judge and to heal it. */
        Injection strike(Scene scene, Target target) throws InterruptedException;
    }

    /** A fault that has struck. */
    public interface Injection {
        /** Which computers it hit. */
        String hit();

        /** What shows that it took effect, asked just before the heal; empty where nothing does. */
        String seen();

        /** Ends it. Does not start programs that died of it. */
        void heal();

        /** How long it is to last, in milliseconds. */
        long holdMillis();
    }
}
