package dev.unwrite.spec.story;

import dev.unwrite.spec.story.Change.Kind;
import dev.unwrite.spec.value.TlaValue;
import dev.unwrite.spec.value.TlaValue.Fcn;
import dev.unwrite.spec.value.TlaValue.Seq;
import dev.unwrite.spec.value.TlaValue.SetOf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds what differs between two states, as deep inside the variables as it helps a reader. */
final class Differ {
    private final String variable;
    private final List<Change> changes;

    private Differ(String variable, List<Change> changes) {
        this.variable = variable;
        this.changes = changes;
    }

    /** The changes, variable by variable in the order of {@code after}. */
    static List<Change> diff(Map<String, TlaValue> before, Map<String, TlaValue> after) {
        List<Change> changes = new ArrayList<>();
        after.forEach((variable, value) -> {
            TlaValue old = before.get(variable);
            if (old != null) {
                new Differ(variable, changes).compare(List.of(), old, value);
            }
        });
        return changes;
    }

    private void compare(List<TlaValue> path, TlaValue before, TlaValue after) {
        if (before.equals(after)) {
            return;
        }
        if (before instanceof Fcn(var old)
                && after instanceof Fcn(var now)
                && old.keySet().equals(now.keySet())) {
            now.forEach((key, value) -> compare(longer(path, key), old.getOrDefault(key, value), value));
        } else if (before instanceof SetOf(var old) && after instanceof SetOf(var now)) {
            elements(path, old, now);
        } else if (before instanceof Seq(var old) && after instanceof Seq(var now)) {
            sequence(path, old, now);
        } else {
            changes.add(new Change(variable, path, Kind.SET, before, after));
        }
    }

    private void elements(List<TlaValue> path, List<TlaValue> old, List<TlaValue> now) {
        old.stream()
                .filter(element -> !now.contains(element))
                .forEach(element -> changes.add(new Change(variable, path, Kind.REMOVE, element, element)));
        now.stream()
                .filter(element -> !old.contains(element))
                .forEach(element -> changes.add(new Change(variable, path, Kind.ADD, element, element)));
    }

    /** A queue that lost its front or gained at its end is told so; anything else element by element, or whole. */
    private void sequence(List<TlaValue> path, List<TlaValue> old, List<TlaValue> now) {
        for (int taken = 0; taken <= old.size(); taken++) {
            List<TlaValue> rest = old.subList(taken, old.size());
            if (rest.size() <= now.size()
                    && now.subList(0, rest.size()).equals(rest)
                    && (taken == 0 || !rest.isEmpty() || now.isEmpty())) {
                old.subList(0, taken).forEach(e -> changes.add(new Change(variable, path, Kind.REMOVE, e, e)));
                now.subList(rest.size(), now.size())
                        .forEach(e -> changes.add(new Change(variable, path, Kind.ADD, e, e)));
                return;
            }
        }
        if (old.size() == now.size()) {
            for (int i = 0; i < now.size(); i++) {
                compare(longer(path, new TlaValue.Int(i + 1)), old.get(i), now.get(i));
            }
        } else {
            changes.add(new Change(variable, path, Kind.SET, new Seq(old), new Seq(now)));
        }
    }

    private static List<TlaValue> longer(List<TlaValue> path, TlaValue key) {
        List<TlaValue> more = new ArrayList<>(path);
        more.add(key);
        return more;
    }
}
