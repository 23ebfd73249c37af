package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.FencedSession;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.UndoCurve;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.fault.Target;
import dev.unwrite.chaos.ledger.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A campaign that looks like a real one: two steps with three faults, two takeovers. */
final class SampleCampaign {
    /** Not long ago, since the page compares traces with the clock of the file system. */
    static final long START = Moment.now() - 20_000_000_000L;

    private static final SeenStatus.Counters COUNTERS =
            new SeenStatus.Counters(9000, 36_864_000, 700, 90, 6, 5000, 4990);

    private SampleCampaign() {}

    static long at(double millis) {
        return START + Math.round(millis * 1e6);
    }

    static Campaign.Settings settings() {
        Fault.Act none = (scene, target) -> {
            throw new IllegalStateException("a sample");
        };
        return new Campaign.Settings(
                new Pair.Options(LoadKind.LEDGER, Duration.ofMillis(100), Duration.ofMillis(700), 6, 60, 4, 5),
                List.of(
                        new Fault("kill", "SIGKILL", Set.of(), List.of(Target.PRIMARY), true, none),
                        new Fault("loss", "packets get lost", Set.of(), List.of(Target.BOTH), false, none),
                        new Fault("flip", "a flipped bit", Set.of(), List.of(Target.SECONDARY), false, none)),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                5);
    }

    static ChaosResults results(Campaign.Outcome run) {
        return ChaosResults.of(
                run, LoadKind.LEDGER, 5, "processes in network namespaces", "0123456789ab", "unwrite chaos --seed 5");
    }

    static Campaign.Outcome valid() {
        return with(List.of(
                new CheckResult(
                        "disk-equals-checkpoint",
                        "After each rollback the disk is that of the committed checkpoint",
                        Verdict.VALID,
                        List.of("2 rollbacks left the disk byte for byte as it was")),
                new CheckResult("one-owner", "One owner", Verdict.VALID, List.of("a", "b", "c", "d"))));
    }

    static Campaign.Outcome with(List<CheckResult> checks) {
        return with(checks, operations(), changes());
    }

    static Campaign.Outcome with(
            List<CheckResult> checks, List<CampaignRequest> operations, List<StorageHistory.Change> changes) {
        return new Campaign.Outcome(
                START,
                at(12_000),
                List.of(
                        new Struck(1, at(3_400), at(5_100), "loss", "packets get lost", "both", "A and B", ""),
                        new Struck(1, at(3_280), at(5_200), "kill", "SIGKILL", "primary", "A", "gone"),
                        new Struck(2, at(7_000), at(9_000), "kill", "SIGKILL", "primary", "B", "gone")),
                List.of("A after step 1: </script> was its last line"),
                List.of(10L, 900L, 1_200L),
                2,
                new StorageHistory(changes, 4_000, List.of(), 1, fenced()),
                COUNTERS,
                samples(),
                Map.of(HostId.A, undo(1_000), HostId.B, undo(1_500)),
                operations,
                checks,
                "");
    }

    static SampleTrace traces() {
        return new SampleTrace(START).takeover(4_000, 2).takeover(7_800, 3);
    }

    static List<StorageHistory.Change> changes() {
        return List.of(
                change(900, 0, "", "none"),
                change(1_000, 1, "A", "solo"),
                change(1_500, 1, "A", "protected"),
                change(4_000, 2, "B", "rollback"),
                change(4_025, 2, "B", "solo"),
                change(6_000, 2, "B", "protected"),
                change(7_800, 3, "A", "rollback"),
                change(7_825, 3, "A", "solo"),
                change(10_000, 3, "A", "protected"));
    }

    static StorageHistory.Change change(double millis, long term, String owner, String mode) {
        return new StorageHistory.Change(at(millis), term, owner, mode, "", 7);
    }

    private static List<FencedSession> fenced() {
        return List.of(
                new FencedSession("A", (1L << 32) + 1, 1, 2, 3, 1, 0, at(5_200), at(5_230)),
                new FencedSession("B", (1L << 32) + 2, 2, 3, 512, 0, 1, at(9_010), at(9_400)));
    }

    /** Copies gather until a checkpoint is committed, each 400 ms. */
    private static List<UndoCurve.Point> undo(double from) {
        List<UndoCurve.Point> points = new ArrayList<>();
        for (double t = from; t < 12_000; t += 100) {
            points.add(new UndoCurve.Point(at(t), (long) (t / 400), (long) (t % 400) / 4));
        }
        return points;
    }

    private static List<Watcher.Seen> samples() {
        List<Watcher.Seen> seen = new ArrayList<>();
        see(seen, 500, HostId.A, "down", "none", 0);
        see(seen, 800, HostId.A, "idle", "none", 0);
        see(seen, 900, HostId.B, "idle", "none", 0);
        see(seen, 1_000, HostId.A, "primary", "solo", 1);
        see(seen, 1_500, HostId.A, "primary", "protected", 1);
        see(seen, 1_500, HostId.B, "secondary", "protected", 1);
        see(seen, 2_000, HostId.B, "down", "none", 0);
        see(seen, 2_100, HostId.B, "secondary", "protected", 1);
        see(seen, 3_290, HostId.A, "down", "none", 0);
        see(seen, 4_040, HostId.B, "primary", "solo", 2);
        see(seen, 5_500, HostId.A, "secondary", "joining", 2);
        see(seen, 6_000, HostId.A, "secondary", "protected", 2);
        see(seen, 6_000, HostId.B, "primary", "protected", 2);
        see(seen, 7_010, HostId.B, "down", "none", 0);
        see(seen, 7_840, HostId.A, "primary", "solo", 3);
        see(seen, 9_500, HostId.B, "secondary", "joining", 3);
        see(seen, 10_000, HostId.B, "secondary", "protected", 3);
        see(seen, 10_000, HostId.A, "primary", "protected", 3);
        return seen;
    }

    private static void see(List<Watcher.Seen> seen, double at, HostId host, String role, String mode, long term) {
        seen.add(new Watcher.Seen(at(at), host, new SeenStatus(role, mode, term, 3, 2, 40, mode, COUNTERS)));
    }

    /** Answers come until 3.28 s, from 4.1 s to 7 s, and from 7.9 s on; two requests have none. */
    static List<CampaignRequest> operations() {
        Random chance = new Random(1);
        List<CampaignRequest> all = new ArrayList<>();
        for (double t = 1_000; t < 11_500; t += 10) {
            double answer = t + 40 + chance.nextInt(80);
            answer = answer > 3_280 && answer < 4_100 ? 4_100 : answer > 7_000 && answer < 7_900 ? 7_900 : answer;
            Operation.Outcome outcome = all.size() == 200 || all.size() == 600
                    ? Operation.Outcome.INFO
                    : all.size() % 20 == 7 ? Operation.Outcome.FAIL : Operation.Outcome.OK;
            all.add(operation(all.size(), t, answer, outcome));
        }
        return all;
    }

    static CampaignRequest operation(int number, double invoke, double complete, Operation.Outcome outcome) {
        return new CampaignRequest("c" + number % 6, 'T', at(invoke), at(complete), outcome);
    }
}
