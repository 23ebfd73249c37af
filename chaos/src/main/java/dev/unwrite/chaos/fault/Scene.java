package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.campaign.Pair;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.Place;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * What a fault needs to know when it strikes.
 *
 * @param primary the host that ran the machine when the step began
 * @param status how a node was a moment ago
 */
public record Scene(Pair pair, HostId primary, Function<HostId, SeenStatus> status, Random chance) {
    private static final long POLL_MILLIS = 2;
    private static final long ALONE_MAX_MILLIS = 6_000;

    /** The computers that a target means now. */
    public List<Place> places(Target target) {
        return switch (target) {
            case PRIMARY -> List.of(pair.place(primary));
            case SECONDARY -> List.of(pair.place(primary.other()));
            case STORAGE -> List.of(pair.storage());
            case BOTH -> List.of(pair.place(primary), pair.place(primary.other()));
        };
    }

    /** One of a range of milliseconds. */
    public long millis(int from, int to) {
        return (long) from + chance.nextInt(to - from);
    }

    /** Longer than a secondary waits before it takes over. */
    public long pastFailover() {
        return pair.options().failoverAfter().toMillis() + millis(300, 1200);
    }

    /** Waits for something to be seen; false where it does not come in time. */
    public boolean await(long millis, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + millis * 1_000_000;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.sleep(POLL_MILLIS);
        }
        return true;
    }

    /** Waits until the primary is alone and has been for so long; false where it is not in time. */
    public boolean awaitAlone(long steadyMillis) throws InterruptedException {
        long[] since = {Long.MAX_VALUE};
        return await(ALONE_MAX_MILLIS, () -> {
            boolean alone = status.apply(primary).mode().equals("solo");
            long now = System.nanoTime();
            since[0] = alone ? Math.min(since[0], now) : Long.MAX_VALUE;
            return alone && now - since[0] >= steadyMillis * 1_000_000;
        });
    }

    /** Names, for people. */
    public static String names(List<Place> places) {
        return String.join(" and ", places.stream().map(Place::name).toList());
    }
}
