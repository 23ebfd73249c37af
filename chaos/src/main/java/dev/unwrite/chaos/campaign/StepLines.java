package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Puts beside each step of faults what came of it until the next one began. */
final class StepLines {
    private StepLines() {}

    static List<PageData.Step> of(ChaosResults results, Campaign.Outcome run) {
        TreeMap<Integer, List<Integer>> faults = new TreeMap<>();
        List<ChaosResults.FaultLine> list = results.faultList();
        for (int i = 0; i < list.size(); i++) {
            faults.computeIfAbsent(list.get(i).step(), step -> new ArrayList<>())
                    .add(i);
        }
        double[] answers = run.requests().stream()
                .filter(CampaignRequest::isAnswered)
                .mapToLong(CampaignRequest::complete)
                .sorted()
                .mapToDouble(at -> Moment.millisAfter(run.startedAt(), at))
                .toArray();
        List<PageData.Step> steps = new ArrayList<>();
        for (Integer step : faults.keySet()) {
            List<Integer> own = faults.getOrDefault(step, List.of()).stream()
                    .sorted((a, b) ->
                            Double.compare(list.get(a).at(), list.get(b).at()))
                    .toList();
            double from = list.get(own.getFirst()).at();
            Integer next = faults.higherKey(step);
            double to = next == null
                    ? results.durationMs()
                    : faults.getOrDefault(next, List.of()).stream()
                            .mapToDouble(i -> list.get(i).at())
                            .min()
                            .orElse(results.durationMs());
            steps.add(new PageData.Step(
                    step,
                    from,
                    to,
                    own,
                    changes(results, from, to),
                    silence(answers, from, to),
                    // The first wait comes before the first step.
                    step < run.recoveries().size() ? run.recoveries().get(step) : null));
        }
        return steps;
    }

    private static List<Integer> changes(ChaosResults results, double from, double to) {
        List<ChaosResults.Change> all = results.ownership();
        return IntStream.range(0, all.size())
                .filter(i -> all.get(i).at() >= from && all.get(i).at() < to)
                .boxed()
                .toList();
    }

    /** The longest time between two answers of which a part lies in the span; the end of the load is no silence. */
    private static double silence(double[] answers, double from, double to) {
        int first = Arrays.binarySearch(answers, from);
        int i = Math.max(0, (first < 0 ? -first - 1 : first) - 1);
        double longest = 0;
        for (; i + 1 < answers.length && answers[i] < to; i++) {
            longest = Math.max(longest, Math.min(answers[i + 1], to) - Math.max(answers[i], from));
        }
        return Math.round(longest * 10) / 10.0;
    }
}
