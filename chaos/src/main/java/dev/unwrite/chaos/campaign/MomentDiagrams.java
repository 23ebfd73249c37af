package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes diagrams of messages out of traces. */
final class MomentDiagrams {
    /** Steps that are farther apart than this are not told together. */
    private static final long PAUSE_NANOS = 50_000_000;

    private MomentDiagrams() {}

    /** Some steps of one kind by one program, the first of which stands for all. */
    record Group(MomentLine first, long to, int count, int blocks) {
        private Group with(MomentLine next) {
            return new Group(first, next.at(), count + 1, blocks + next.blocks());
        }
    }

    static List<MomentDiagram> draw(List<MomentWindows.Window> windows, long startedAt, Path traces)
            throws IOException {
        return MomentReader.read(windows, traces).stream()
                .map(span -> draw(span, startedAt))
                .toList();
    }

    private static MomentDiagram draw(MomentReader.Span span, long startedAt) {
        MomentWindows.Window window = span.window();
        List<Group> all = groups(span.lines());
        List<Group> near = all.stream()
                .sorted(Comparator.comparingLong(group -> Math.abs(group.first().at() - window.at())))
                .limit(MomentDiagram.ENTRIES_MAX)
                .sorted(Comparator.comparingLong(group -> group.first().at()))
                .toList();
        int shown = near.stream().mapToInt(Group::count).sum();
        return new MomentDiagram(
                window.title(),
                window.kind(),
                window.change(),
                Moment.millisAfter(startedAt, window.at()),
                Moment.millisAfter(startedAt, window.from()),
                Moment.millisAfter(startedAt, window.to()),
                near.stream().map(group -> entry(group, startedAt)).toList(),
                MomentArrows.of(near),
                span.lines().size() + span.skipped()[0] - shown,
                List.copyOf(span.moved()));
    }

    private static MomentDiagram.Entry entry(Group group, long startedAt) {
        MomentLine first = group.first();
        return new MomentDiagram.Entry(
                Moment.millisAfter(startedAt, first.at()),
                Moment.millisAfter(startedAt, group.to()),
                first.lane(),
                first.action(),
                group.count(),
                group.blocks(),
                first.isBulk(),
                first.text());
    }

    /** Writes and copies come in hundreds: between two notable steps, those of a kind and program are counted. */
    static List<Group> groups(List<MomentLine> lines) {
        List<Group> done = new ArrayList<>();
        Map<String, Group> open = new HashMap<>();
        long last = Long.MIN_VALUE / 2;
        for (MomentLine line : lines) {
            if (!line.isBulk() || line.at() - last > PAUSE_NANOS) {
                close(open, done);
            }
            last = line.at();
            Group one = new Group(line, line.at(), 1, line.blocks());
            if (line.isBulk()) {
                open.compute(line.lane() + " " + line.action(), (key, group) -> group == null ? one : group.with(line));
            } else {
                done.add(one);
            }
        }
        close(open, done);
        return done;
    }

    private static void close(Map<String, Group> open, List<Group> done) {
        open.values().stream()
                .sorted(Comparator.comparingLong(group -> group.first().at()))
                .forEach(done::add);
        open.clear();
    }
}
