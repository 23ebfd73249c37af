package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.fault.Target;
import dev.unwrite.chaos.stage.Ability;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Decides, from a seed alone, which faults strike together. Each fault with each of its targets comes up once before any
 * comes up again; those that were drawn but had no effect come up sooner.
 */
final class Plan {
    /** Of the steps, those in which nobody takes over. */
    private static final int LONE_PERCENT = 18;

    /** Of those in which somebody may, those in which only the primary is lost, so that somebody does. */
    private static final int PLAIN_PERCENT = 50;

    private static final int WITH_PERCENT = 50;
    private static final int TWO_PERCENT = 40;
    private static final int BEFORE_PERCENT = 50;

    private final Random chance;
    /** What makes the other host take over. */
    private final Bag breaking = new Bag();
    /** Of these, those after which nobody doubts that the primary is lost. */
    private final Bag sure = new Bag();
    /** What goes on when that happens: messages between two hosts that are well, late, repeated or in another order. */
    private final Bag before = new Bag();
    /** What can come upon that: it hits those who are left. */
    private final Bag upon = new Bag();
    /** What comes by itself: it hits a primary that lives, or needs a secondary that nobody depends on. */
    private final Bag lone = new Bag();

    private Set<String> wanted = Set.of();

    /** A fault and whom it hits. */
    record Strike(Fault fault, Target target) {
        String name() {
            return fault.name() + " " + target.word();
        }
    }

    /** Strikes in an order that the seed decides, each once before any again. */
    private static final class Bag {
        private final List<Strike> all = new ArrayList<>();
        private final List<Strike> left = new ArrayList<>();

        boolean isEmpty() {
            return all.isEmpty();
        }

        Strike draw(Random chance, Set<String> wanted) {
            if (has(wanted)) {
                List<Strike> some = all.stream()
                        .filter(one -> wanted.contains(one.fault().name()))
                        .toList();
                return some.get(chance.nextInt(some.size()));
            }
            if (left.isEmpty()) {
                left.addAll(all);
                Collections.shuffle(left, chance);
            }
            return left.removeLast();
        }

        boolean has(Set<String> wanted) {
            return all.stream().anyMatch(one -> wanted.contains(one.fault().name()));
        }
    }

    Plan(List<Fault> faults, long seed) {
        chance = new Random(seed);
        for (Fault fault : faults) {
            for (Target target : fault.targets()) {
                bag(fault, target).all.add(new Strike(fault, target));
                if (isSure(fault) && target == Target.PRIMARY) {
                    sure.all.add(new Strike(fault, target));
                }
                if (isOfStorageFiles(fault)) {
                    // Upon a takeover it hits the record; by itself, what a living primary writes.
                    lone.all.add(new Strike(fault, target));
                }
            }
        }
    }

    private Bag bag(Fault fault, Target target) {
        if (isSurgery(fault)) {
            return lone;
        }
        if (isOfMessages(fault)) {
            return before;
        }
        boolean hitsPrimary = target == Target.PRIMARY || target == Target.BOTH;
        if (fault.breaks() && hitsPrimary) {
            return breaking;
        }
        return target == Target.PRIMARY ? lone : upon;
    }

    /** These stop a host to do something to it, and wait for the other one to be alone, or ask for a switchover. */
    private static boolean isSurgery(Fault fault) {
        return switch (fault.name()) {
            case "flip", "tear", "replace", "kill-in-join", "switchover" -> true;
            default -> false;
        };
    }

    /** After these a primary says nothing any more, and cannot go on alone. */
    private static boolean isSure(Fault fault) {
        return switch (fault.name()) {
            case "kill", "stop", "pause", "power", "clock", "isolate" -> true;
            default -> false;
        };
    }

    /** These make requests of the storage fail. */
    private static boolean isOfStorageFiles(Fault fault) {
        return switch (fault.name()) {
            case "full-storage", "readonly-storage", "eio-storage", "dying-storage" -> true;
            default -> false;
        };
    }

    /** These need two hosts that talk to each other. */
    static boolean isOfMessages(Fault fault) {
        return switch (fault.name()) {
            case "delay", "duplicate", "reorder", "late-state" -> true;
            default -> false;
        };
    }

    /** Drawn for other decisions of the same run. */
    Random chance() {
        return chance;
    }

    /** What strikes next, in this order; all of it is over before the next step. */
    List<Strike> next() {
        List<Strike> step = new ArrayList<>();
        if (breaking.isEmpty() || (!lone.isEmpty() && isLoneStep())) {
            step.add((!lone.isEmpty() ? lone : !upon.isEmpty() ? upon : before).draw(chance, wanted));
            return step;
        }
        if (wanted.isEmpty() && !sure.isEmpty() && chance.nextInt(100) < PLAIN_PERCENT) {
            step.add(sure.draw(chance, wanted));
            return step;
        }
        // First: a primary whose secondary is cut off already would go on alone, and nobody could take over.
        step.add(breaking.draw(chance, wanted));
        if (chance.nextInt(100) < BEFORE_PERCENT && !before.isEmpty()) {
            step.addFirst(before.draw(chance, wanted));
        }
        if (!upon.isEmpty() && chance.nextInt(100) < WITH_PERCENT) {
            add(step, upon.draw(chance, wanted));
            if (chance.nextInt(100) < TWO_PERCENT) {
                add(step, upon.draw(chance, wanted));
            }
        }
        return step;
    }

    private boolean isLoneStep() {
        if (!lone.has(wanted)) {
            return chance.nextInt(100) < LONE_PERCENT;
        }
        return !(breaking.has(wanted) || before.has(wanted) || upon.has(wanted)) || chance.nextBoolean();
    }

    /** From now on these faults come up wherever they can: a campaign has gone on for long enough but for them. */
    void want(Set<String> names) {
        wanted = Set.copyOf(names);
    }

    /** A disk can be broken in one way at a time; the other way comes up later. */
    private void add(List<Strike> step, Strike strike) {
        boolean disk = strike.fault().needs().contains(Ability.DISK);
        if (disk && step.stream().anyMatch(other -> other.fault().needs().contains(Ability.DISK))) {
            upon.left.addFirst(strike);
        } else {
            step.add(strike);
        }
    }

    /** What had no effect comes up again before the others are through, now and then. */
    void again(Strike strike) {
        List<Strike> left = bag(strike.fault(), strike.target()).left;
        left.add(left.size() / 2, strike);
    }
}
