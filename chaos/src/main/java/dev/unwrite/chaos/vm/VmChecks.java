package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.chaos.vm.VmObserver.Heard;
import java.util.ArrayList;
import java.util.List;

/** What a run of a guest has to show. */
final class VmChecks {
    private static final int TOLD_MAX = 4;

    private VmChecks() {}

    /** {@code broken}: why it did not come to its end, or nothing. */
    static List<CheckResult> of(VmPlan plan, VmFindings found, VmObserver observer, String broken) {
        List<CheckResult> checks = new ArrayList<>();
        checks.add(check(
                "run-completed",
                "Every takeover, join and switchover came to its end",
                broken.isEmpty(),
                broken.isEmpty() ? some(found.gaps()) : broken));
        if (plan.kind() == VmPlan.Kind.CAMPAIGN) {
            checks.add(check(
                    "coverage",
                    "Each kind of strike was seen",
                    found.struck().size() == VmStrike.values().length,
                    found.struck().toString()));
        }
        checks.addAll(outside(observer));
        if (plan.comparesMemory()) {
            checks.add(check(
                    "memory-page-by-page",
                    "Each page of the memory with which the guest went on was that of a cut",
                    found.wrongMemories().isEmpty() && !found.memories().isEmpty(),
                    some(found.wrongMemories().isEmpty() ? found.memories() : found.wrongMemories())));
        }
        checks.add(inside(found));
        if (plan.kind() == VmPlan.Kind.DATABASE) {
            checks.add(check(
                    "transactions-kept",
                    "Each transaction that a client was told is committed was there after the takeover, and the books balance",
                    broken.isEmpty() && found.told() > 0,
                    found.told() + " transactions, in " + found.rounds() + " rounds with a takeover each"));
            checks.add(check(
                    "database-and-disk-whole",
                    "After each takeover pg_amcheck and e2fsck were content",
                    found.damaged().isEmpty() && found.rounds() == plan.takeovers(),
                    found.damaged().isEmpty() ? found.rounds() + " times" : some(found.damaged())));
        }
        return checks;
    }

    private static List<CheckResult> outside(VmObserver observer) {
        List<Heard> heard = observer.heard();
        String back = "";
        for (int i = 1; i < heard.size(); i++) {
            if (heard.get(i).number() < heard.get(i - 1).number()) {
                back = heard.get(i).number() + " after " + heard.get(i - 1).number();
            }
        }
        String failure = observer.failure();
        return List.of(
                check(
                        "connection-survives",
                        "One TCP connection to the guest stayed open through everything",
                        failure == null && !heard.isEmpty(),
                        failure == null ? heard.size() + " questions, " + heard.size() + " answers" : failure),
                check(
                        "no-output-lost",
                        "What the outside had heard, the guest still knew after each takeover",
                        back.isEmpty() && !heard.isEmpty(),
                        back.isEmpty() ? "no number ever went back" : "heard " + back),
                check(
                        "same-boot",
                        "The guest never rebooted",
                        observer.boots().size() == 1,
                        "boot ids heard: " + observer.boots()));
    }

    private static CheckResult inside(VmFindings found) {
        List<String> consoles =
                found.lives().stream().flatMap(life -> life.lines().stream()).toList();
        List<String> bad = consoles.stream()
                .filter(line -> line.startsWith("MISMATCH")
                        || line.startsWith("ERROR")
                        || line.contains("Kernel panic")
                        || line.contains("PANIC:"))
                .toList();
        long ticks = consoles.stream().filter(line -> line.startsWith("TICK")).count();
        return check(
                "memory-and-disk-agree",
                "The guest's memory and its file were of one moment at every count",
                bad.isEmpty() && ticks > 0,
                bad.isEmpty() ? ticks + " counts on the consoles" : String.join("; ", bad.subList(0, 1)));
    }

    /** {@code clean}: what e2fsck says of the disk of a guest that has ended. */
    static CheckResult disk(Tools.Outcome clean) {
        return check(
                "file-system-clean",
                "The guest's file system is clean",
                clean.ok(),
                clean.output().strip().lines().reduce("", (earlier, later) -> later));
    }

    /** A campaign has hundreds. */
    private static String some(List<String> all) {
        return all.size() <= TOLD_MAX
                ? String.join("; ", all)
                : String.join("; ", all.subList(0, TOLD_MAX)) + "; and so on, " + all.size() + " in all";
    }

    private static CheckResult check(String id, String title, boolean holds, String evidence) {
        return new CheckResult(id, title, holds ? Verdict.VALID : Verdict.INVALID, List.of(evidence));
    }
}
