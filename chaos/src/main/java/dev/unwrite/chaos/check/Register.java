package dev.unwrite.chaos.check;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that has one value at a time, in one life of the machine: a block, or the state. Its writes come one after the
 * other; one whose end is not known may take effect at any later moment of that life, or never.
 */
final class Register {
    private final String name;
    private final long first;
    private final List<Write> writes = new ArrayList<>();

    /** A write and when it was under way; {@code ok}: known to have taken effect by {@code complete}. */
    record Write(long value, long invoke, long complete, boolean ok) {}

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
        if (at < 0 || writes.get(at).ok()) {
            for (Write next : writes.subList(at + 1, writes.size())) {
                if (next.ok()) {
                    return span.to(
                            next.complete(),
                            name + " holds " + value + " and not yet " + next.value()
                                    + ", which was acknowledged then");
                }
            }
        }
        return span;
    }

    /** The same for a start from the disk: what was acknowledged and flushed by then is there; later ones may be. */
    @Nullable
    String afterColdStart(long value, long flushedUpTo) {
        // Of several writes of the same value, which zeroes are, the last one explains the most.
        int at = indexOf(value);
        if (at < 0 && value != first) {
            return name + " holds " + value + ", which nobody wrote in this life of the machine";
        }
        if (writes.stream().anyMatch(write -> write.value() == value && !write.ok())) {
            return null;
        }
        for (Write later : writes.subList(at + 1, writes.size())) {
            if (later.ok() && later.complete() <= flushedUpTo) {
                return name + " holds " + value + " and not " + later.value() + ", which was acknowledged and flushed";
            }
        }
        return null;
    }

    private int indexOf(long value) {
        for (int i = writes.size() - 1; i >= 0; i--) {
            if (writes.get(i).value() == value) {
                return i;
            }
        }
        return -1;
    }
}
