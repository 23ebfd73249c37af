package dev.unwrite.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** The time, set from outside, and the actions that are due at some time. All times are in nanoseconds. */
final class Timers {
    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000 * MILLI;

    private record Due(long at, long number, Runnable action) {}

    private record Watch(BooleanSupplier over, long until, Runnable then, Runnable late) {}

    private final PriorityQueue<Due> due =
            new PriorityQueue<>(Comparator.comparingLong(Due::at).thenComparingLong(Due::number));
    private List<Watch> watches = new ArrayList<>();
    private long now;
    private long number;

    Timers(long now) {
        this.now = now;
    }

    long now() {
        return now;
    }

    /** Sets the time; a smaller one than before is ignored. */
    void now(long nanos) {
        now = Math.max(now, nanos);
    }

    void after(long nanos, Runnable action) {
        due.add(new Due(now + nanos, number++, action));
    }

    /** Runs {@code then} in the first turn in which the condition holds, or {@code late} when the time is over before. */
    void await(BooleanSupplier condition, long limitNanos, Runnable then, Runnable late) {
        watches.add(new Watch(condition, now + limitNanos, then, late));
    }

    /** Does what is due, and looks at the conditions. */
    void run() {
        while (!due.isEmpty() && due.peek().at <= now) {
            due.remove().action.run();
        }
        if (watches.isEmpty()) {
            return;
        }
        List<Watch> all = watches;
        watches = new ArrayList<>();
        List<Runnable> todo = new ArrayList<>();
        for (Iterator<Watch> i = all.iterator(); i.hasNext(); ) {
            Watch watch = i.next();
            boolean over = watch.over.getAsBoolean();
            if (over || watch.until <= now) {
                i.remove();
                todo.add(over ? watch.then : watch.late);
            }
        }
        watches.addAll(all);
        todo.forEach(Runnable::run);
    }

    /** When something is due next, or {@code otherwise} if that is sooner. */
    long next(long otherwise) {
        long next = due.isEmpty() ? otherwise : Math.min(otherwise, due.peek().at);
        for (Watch watch : watches) {
            next = Math.min(next, watch.until);
        }
        return next;
    }
}
