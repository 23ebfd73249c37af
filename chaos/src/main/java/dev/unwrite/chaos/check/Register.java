package dev.unwrite.chaos.check;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that has one value at a time, in one life of the machine: a cell of the volume, or the state. A write that began
 * when another one had ended comes after it; two that were under way together come in either order. One whose end is not known
 * may take effect at any later moment of that life, or never.
 */
final class Register {
    private final String name;
    private final long first;
    private final List<Write> writes = new ArrayList<>();

    /**
     * A write and when it was under way.
     *
     * @param ok known to have taken effect by {@code complete}
     * @param durable if so, it was flushed by then, too
     */
    record Write(long value, long invoke, long complete, boolean ok, boolean durable) {
        /** Whether it is known to have taken effect after the other one, if that ever did. */
        boolean follows(Write other) {
            return ok && other.ok && invoke >= other.complete;
        }
    }

    /** {@code first} is its value when the life begins. */
    Register(String name, long first) {
        this.name = name;
        this.first = first;
    }

    /** Appends a write; in the order in which they were begun. */
    void add(Write write) {
        writes.add(write);
    }

    /** What it means for the moment of a cut that the register had this value then; not null if it never had it. */
    @Nullable
    String narrow(long value, CutMoment cut) {
        List<CutMoment.Span> spans = new ArrayList<>();
        if (value == first) {
            spans.add(span(-1, value));
        }
        for (int at = 0; at < writes.size(); at++) {
            if (writes.get(at).value() == value) {
                spans.add(span(at, value));
            }
        }
        if (spans.isEmpty()) {
            return name + " holds " + value + ", which nobody wrote in this life of the machine";
        }
        cut.withinOneOf(spans);
        return null;
    }

    /** When the register can have held the value by this write; -1 is what it held at first. */
    private CutMoment.Span span(int at, long value) {
        CutMoment.Span span = CutMoment.Span.ALWAYS;
        if (at >= 0) {
            span = span.from(writes.get(at).invoke(), name + " holds " + value + ", which was begun then");
        }
        for (Write next : writes.subList(at + 1, writes.size())) {
            if (comesAfter(next, at)) {
                span = span.to(
                        next.complete(),
                        name + " holds " + value + " and not yet " + next.value() + ", which was acknowledged then");
            }
        }
        return span;
    }

    private boolean comesAfter(Write next, int at) {
        return at < 0 ? next.ok() : next.follows(writes.get(at));
    }

    /** The same for a start from the disk: what was acknowledged and flushed by then is there; later ones may be. */
    @Nullable
    String afterColdStart(long value, long flushedUpTo) {
        Write lost = null;
        for (int at = -1; at < writes.size(); at++) {
            if ((at < 0 ? first : writes.get(at).value()) == value) {
                lost = flushedAfter(at, flushedUpTo);
                if (lost == null) {
                    return null;
                }
            }
        }
        return lost != null
                ? name + " holds " + value + " and not " + lost.value() + ", which was acknowledged and flushed"
                : name + " holds " + value + ", which nobody wrote in this life of the machine";
    }

    private @Nullable Write flushedAfter(int at, long flushedUpTo) {
        for (Write later : writes.subList(at + 1, writes.size())) {
            if (comesAfter(later, at) && (later.durable() || later.complete() <= flushedUpTo)) {
                return later;
            }
        }
        return null;
    }
}
