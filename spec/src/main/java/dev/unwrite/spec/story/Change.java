package dev.unwrite.spec.story;

import dev.unwrite.spec.value.TlaValue;
import java.util.List;

/**
 * One thing that differs between two states.
 *
 * @param variable the variable
 * @param path the keys that lead to it, from the outside in: functions and records
 * @param kind what happened there
 * @param before the value before; for {@link Kind#ADD} the same as {@code after}
 * @param after the value after; for {@link Kind#REMOVE} the same as {@code before}
 */
record Change(String variable, List<TlaValue> path, Kind kind, TlaValue before, TlaValue after) {
    /** What happened. */
    enum Kind {
        /** A value was replaced. */
        SET,
        /** An element came into a set, or to the end of a sequence. */
        ADD,
        /** An element left a set, or the front of a sequence. */
        REMOVE
    }

    Change {
        path = List.copyOf(path);
    }
}
