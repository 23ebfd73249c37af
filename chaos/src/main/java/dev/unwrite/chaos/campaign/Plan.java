package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.fault.Target;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Decides, from a seed alone, which faults strike together. Each fault with each of its targets comes up once before any
 * comes up again. What breaks the primary is in every step, so that there are takeovers; the rest comes upon it.
 */
final class Plan {
    private static final int LONE_PERCENT = 15;
    private static final int WITH_PERCENT = 70;
    private static final int TWO_PERCENT = 35;

    private final Random chance;
    private final List<Strike> breaking = new ArrayList<>();
    private final List<Strike> other = new ArrayList<>();
    private final List<Strike> breakingLeft = new ArrayList<>();
    private final List<Strike> otherLeft = new ArrayList<>();

    /** A fault and whom it hits. */
    record Strike(Fault fault, Target target) {
        String name() {
            return fault.name() + " " + target.word();
        }
    }

    Plan(List<Fault> faults, long seed) {
        chance = new Random(seed);
        for (Fault fault : faults) {
            for (Target target : fault.targets()) {
                boolean breaks = fault.breaks() && target != Target.SECONDARY && target != Target.STORAGE;
                (breaks ? breaking : other).add(new Strike(fault, target));
            }
        }
    }

    /** Drawn for other decisions of the same run. */
    Random chance() {
        return chance;
    }

    /** What strikes next, in this order; all of it is over before the next step. */
    List<Strike> next() {
        List<Strike> step = new ArrayList<>();
        boolean lone = !other.isEmpty() && (breaking.isEmpty() || chance.nextInt(100) < LONE_PERCENT);
        if (!lone) {
            // First: a primary whose secondary is cut off already would go on alone, and nobody could take over.
            step.add(draw(breaking, breakingLeft));
        }
        if (!other.isEmpty() && (lone || chance.nextInt(100) < WITH_PERCENT)) {
            step.add(draw(other, otherLeft));
            if (chance.nextInt(100) < TWO_PERCENT) {
                step.add(draw(other, otherLeft));
            }
        }
        return compatible(step);
    }

    private Strike draw(List<Strike> all, List<Strike> left) {
        if (left.isEmpty()) {
            left.addAll(all);
            Collections.shuffle(left, chance);
        }
        return left.removeLast();
    }

    /**
     * Faults that stop a host to do something to it come alone: they wait for the other one to be alone, which another fault
     * may prevent. What is left over comes up in the next step.
     */
    private List<Strike> compatible(List<Strike> step) {
        Set<Strike> kept = new LinkedHashSet<>();
        for (Strike strike : step) {
            boolean alone = isSurgery(strike);
            if (kept.isEmpty() || (!alone && kept.stream().noneMatch(Plan::isSurgery))) {
                kept.add(strike);
            } else if (breaking.contains(strike)) {
                breakingLeft.add(strike);
            } else {
                otherLeft.add(strike);
            }
        }
        return List.copyOf(kept);
    }

    private static boolean isSurgery(Strike strike) {
        return switch (strike.fault().name()) {
            case "flip", "tear", "replace", "kill-in-join", "switchover" -> true;
            default -> false;
        };
    }
}
