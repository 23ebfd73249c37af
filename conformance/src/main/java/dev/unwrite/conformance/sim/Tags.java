package dev.unwrite.conformance.sim;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which term and epoch of a simulated world stand for those of a recording. They are the same as long as every takeover and
 * every cut is taken; where some are missing, later ones still find their counterpart.
 */
final class Tags {
    private final Map<Long, Long> terms = new HashMap<>();
    private final Map<Tag, Tag> epochs = new HashMap<>();

    /** A term and an epoch. */
    record Tag(long term, long epoch) {}

    /** From here on the recorded term is this one. */
    void term(long recorded, long simulated) {
        terms.put(recorded, simulated);
    }

    /** The epoch began in both worlds. */
    void epoch(Tag recorded, Tag simulated) {
        epochs.put(recorded, simulated);
    }

    /** What began in both worlds, or null. */
    @Nullable
    Tag known(long term, long epoch) {
        Tag known = epochs.get(new Tag(term, epoch));
        return known != null || !terms.containsKey(term) ? known : of(term, epoch);
    }

    /** What the recorded one is in the simulated world; where nothing is known, the same number in the term that it stands for. */
    Tag of(long term, long epoch) {
        Tag recorded = new Tag(term, epoch);
        Tag known = epochs.get(recorded);
        return known != null ? known : new Tag(terms.getOrDefault(term, term), epoch);
    }
}
