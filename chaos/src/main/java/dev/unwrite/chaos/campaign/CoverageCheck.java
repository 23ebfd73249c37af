package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.RestoredImages;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.StorageHistory.Kind;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.Ability;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A campaign in which little happened has shown little: its verdict is unknown, whatever the other checks say. */
final class CoverageCheck {
    /** Twenty takeovers in ninety seconds are the least; a short campaign may go on for longer to get there. */
    private static final double TAKEOVERS_PER_SECOND = 20 / 90.0;
    /** And five hundred in an hour: what a campaign does when it is not over yet. */
    private static final double TAKEOVERS_PER_LATER_SECOND = 480 / 3_510.0;

    private static final long EARLY_SECONDS = 90;

    private static final int SECONDS_FOR_OTHERS = 20;

    private CoverageCheck() {}

    /** The least number of takeovers. */
    static long takeovers(Campaign.Settings settings) {
        boolean breaks = settings.faults().stream().anyMatch(fault -> fault.breaks());
        long seconds = settings.duration().toSeconds();
        double takeovers = Math.min(seconds, EARLY_SECONDS) * TAKEOVERS_PER_SECOND
                + Math.max(0, seconds - EARLY_SECONDS) * TAKEOVERS_PER_LATER_SECOND;
        return breaks
                ? Math.max(1, Math.round(takeovers / settings.options().load().slowness()))
                : 0;
    }

    static CheckResult check(
            Campaign.Settings settings,
            Set<Ability> abilities,
            Nemesis nemesis,
            StorageHistory storage,
            SeenStatus.Counters counters,
            RestoredImages images,
            String trouble) {
        List<String> evidence = new ArrayList<>();
        boolean enough = trouble.isEmpty();
        if (!trouble.isEmpty()) {
            evidence.add("the stage failed, not what played on it: " + trouble);
        }
        long seconds = settings.duration().toSeconds();
        long takeovers = takeovers(settings);
        boolean breaks = takeovers > 0;
        long others = Math.max(
                1, seconds / SECONDS_FOR_OTHERS / settings.options().load().slowness());
        enough &= least(evidence, "takeovers", storage.count(Kind.TAKEOVER), takeovers);
        enough &= least(
                evidence,
                "rollbacks compared with the disk at the cut",
                images.comparisons().size(),
                breaks ? others : 0);
        enough &= least(evidence, "blocks put back", counters.restoredBlocks(), breaks ? 1 : 0);
        enough &= least(
                evidence, "degradations (a primary went on alone)", storage.count(Kind.DEGRADATION), breaks ? 1 : 0);
        enough &= least(evidence, "joins", storage.count(Kind.JOIN), others);
        enough &= least(evidence, "faults", nemesis.struck().size(), others);
        Set<String> notSeen = nemesis.notSeen();
        if (!notSeen.isEmpty()) {
            enough = false;
            evidence.add("not seen to take effect: " + String.join(", ", notSeen));
        }
        evidence.add(nemesis.restarts() + " restarts; ended by themselves: "
                + nemesis.ended().size());
        for (Ability ability : Ability.values()) {
            if (!abilities.contains(ability)) {
                evidence.add("SKIPPED: all faults that need " + ability.needs());
            }
        }
        return new CheckResult(
                "campaign-did-its-work",
                "The campaign did what it is for",
                enough ? Verdict.VALID : Verdict.UNKNOWN,
                evidence);
    }

    private static boolean least(List<String> evidence, String what, long count, long least) {
        evidence.add(what + ": " + count + (count < least ? ", at least " + least + " are wanted" : ""));
        return count >= least;
    }
}
