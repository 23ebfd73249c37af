package dev.unwrite.chaos.vm;

import java.time.Duration;
import java.util.List;

/**
 * What a run of a guest is to be.
 *
 * @param seed decides the moments
 * @param takeovers how many a guest with a database is to have; for the others 0
 * @param least how long a campaign goes on; for the others zero
 * @param command how to run it again
 */
record VmPlan(Kind kind, long seed, int takeovers, Duration least, String command) {
    /** What is played. */
    enum Kind {
        /** Two kills of a node, and a switchover. */
        STORY,
        /** A {@link VmStrike} after the other, while PostgreSQL in the guest does transactions for somebody outside. */
        DATABASE,
        /** A {@link VmStrike} after the other, for some time, and until each kind was seen. */
        CAMPAIGN
    }

    static VmPlan story(long seed, String command) {
        return new VmPlan(Kind.STORY, seed, 0, Duration.ZERO, command);
    }

    static VmPlan database(long seed, int takeovers, String command) {
        return new VmPlan(Kind.DATABASE, seed, takeovers, Duration.ZERO, command);
    }

    static VmPlan campaign(long seed, Duration least, String command) {
        return new VmPlan(Kind.CAMPAIGN, seed, 0, least, command);
    }

    /** Whether each page of the memory is looked at; a database would have no time for its work. */
    boolean comparesMemory() {
        return kind != Kind.DATABASE;
    }

    /** For another process, which {@link #parse}s it. */
    List<String> words() {
        return List.of(kind.name(), Long.toString(seed), Integer.toString(takeovers), least.toString(), command);
    }

    static VmPlan parse(List<String> words) {
        return new VmPlan(
                Kind.valueOf(words.get(0)),
                Long.parseLong(words.get(1)),
                Integer.parseInt(words.get(2)),
                Duration.parse(words.get(3)),
                words.get(4));
    }
}
