package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.UndoCurve;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.report.ShortOutages;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Draws up what the page of a campaign shows. */
final class PageDataOf {
    private PageDataOf() {}

    /** The page as data; {@code traces} is the folder with the traces of all programs, in that of the campaign. */
    static PageData run(ChaosResults results, Campaign.Settings settings, Campaign.Outcome run, Path traces)
            throws IOException {
        Path dir = Objects.requireNonNullElse(traces.getParent(), Path.of("."));
        MomentWindows.Chosen windows = MomentWindows.choose(results, settings, run, traces);
        return new PageData(
                results,
                setup(settings, results.cluster()),
                LoadSample.of(run),
                lanes(run),
                StepLines.of(results, run),
                MomentDiagrams.draw(windows.windows(), run.startedAt(), traces),
                windows.leftOut(),
                ReplayCommand.of(dir, windows.windows(), run.startedAt()));
    }

    private static PageData.Setup setup(Campaign.Settings settings, String cluster) {
        Pair.Options options = settings.options();
        return new PageData.Setup(
                cluster,
                millis(settings.duration()),
                millis(settings.durationMax()),
                millis(settings.recoverMax()),
                millis(options.checkpointEvery()),
                millis(options.failoverAfter()),
                options.clients(),
                options.rate(),
                options.pipeline(),
                settings.faults().stream()
                        .map(fault -> new PageData.FaultName(fault.name(), fault.title()))
                        .toList());
    }

    private static double millis(Duration duration) {
        return duration.toMillis();
    }

    private static List<PageData.Lane> lanes(Campaign.Outcome run) {
        List<PageData.Lane> lanes = new ArrayList<>();
        for (HostId host : HostId.values()) {
            lanes.add(new PageData.Lane(host.name(), bands(host, run), undo(host, run)));
        }
        return lanes;
    }

    private static PageData.Undo undo(HostId host, Campaign.Outcome run) {
        List<UndoCurve.Point> points = run.undoCurves().getOrDefault(host, List.of());
        return new PageData.Undo(
                points.stream()
                        .mapToDouble(point -> Math.round(Moment.millisAfter(run.startedAt(), point.at())))
                        .toArray(),
                points.stream().mapToLong(UndoCurve.Point::undoBlocks).toArray(),
                points.stream().mapToLong(UndoCurve.Point::epoch).toArray());
    }

    private static List<PageData.Band> bands(HostId host, Campaign.Outcome run) {
        List<Watcher.Seen> samples = ShortOutages.without(run.samples().stream()
                .filter(sample -> sample.host() == host)
                .dropWhile(sample -> sample.status().role().equals("down"))
                .toList());
        List<PageData.Band> bands = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= samples.size(); i++) {
            if (i == samples.size()
                    || !samples.get(from).status().looksLike(samples.get(i).status())) {
                Watcher.Seen first = samples.get(from);
                long end = i == samples.size() ? run.endedAt() : samples.get(i).at();
                bands.add(new PageData.Band(
                        Moment.millisAfter(run.startedAt(), first.at()),
                        Moment.millisAfter(run.startedAt(), end),
                        first.status().role(),
                        first.status().mode(),
                        first.status().term(),
                        first.status().epoch(),
                        first.status().undoBlocks()));
                from = i;
            }
        }
        return bands;
    }
}
