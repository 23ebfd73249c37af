package dev.unwrite.chaos.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * After the rollback, and before the machine runs on, the disk is byte for byte what it was when the checkpoint was cut;
 * and at least one rollback had something to restore.
 */
public final class DiskCheck {
    private static final int NAMED_MAX = 12;

    private DiskCheck() {}

    /** Compares the two copies of one takeover. */
    public static CheckResult diskEqualsCheckpoint(ObservedTakeover takeover) {
        List<String> evidence = new ArrayList<>();
        Verdict verdict;
        try {
            verdict = compare(takeover, evidence);
        } catch (IOException e) {
            evidence.add("a copy of the disk cannot be read: " + e.getMessage());
            verdict = Verdict.UNKNOWN;
        }
        return new CheckResult(
                "disk-equals-checkpoint-" + takeover.number(),
                "Takeover " + takeover.number() + ": the disk is that of the committed checkpoint",
                verdict,
                evidence);
    }

    private static Verdict compare(ObservedTakeover takeover, List<String> evidence) throws IOException {
        ObservedTakeover.Witness witness = takeover.witness();
        Path restored = witness.restored();
        if (restored == null) {
            evidence.add(takeover.next() + " left no copy of the disk after its rollback");
            return Verdict.UNKNOWN;
        }
        Path image = witness.image();
        if (image == null) {
            evidence.add(takeover.dead() + " left no copy of the disk at the cut of checkpoint " + witness.epoch());
            return Verdict.UNKNOWN;
        }
        if (Files.size(image) == 0) {
            evidence.add("the copy at the cut of checkpoint " + witness.epoch() + " is empty, so it shows nothing");
            return Verdict.UNKNOWN;
        }
        List<Integer> ahead = takeover.ahead();
        if (ahead != null) {
            evidence.add("when " + takeover.dead() + " was dead, " + ahead.size()
                    + " blocks of the disk were not those of" + " checkpoint " + witness.epoch());
        }
        evidence.add("the rollback wrote " + takeover.restoredBlocks() + " blocks back");
        List<Integer> different = BlockDiff.between(image, restored);
        evidence.add(outcome(takeover, different, Files.size(image)));
        return different.isEmpty() ? Verdict.VALID : Verdict.INVALID;
    }

    private static String outcome(ObservedTakeover takeover, List<Integer> different, long bytes) {
        String copies = "the copy that " + takeover.next() + " made after the rollback";
        String image = "the one that " + takeover.dead() + " made at the cut";
        if (different.isEmpty()) {
            return copies + " equals " + image + ", all " + bytes + " bytes";
        }
        String named = different.stream().limit(NAMED_MAX).map(String::valueOf).collect(Collectors.joining(", "));
        return copies + " differs from " + image + " in " + different.size() + " blocks: " + named
                + (different.size() > NAMED_MAX ? ", ..." : "");
    }

    /** A run in which no rollback had anything to do shows nothing. */
    public static CheckResult somethingWasRestored(List<ObservedTakeover> takeovers) {
        List<String> evidence = new ArrayList<>();
        for (ObservedTakeover takeover : takeovers) {
            List<Integer> ahead = takeover.ahead();
            evidence.add("takeover " + takeover.number() + ": " + takeover.restoredBlocks() + " blocks put back"
                    + (ahead == null ? "" : ", of which " + ahead.size() + " had changed on the disk"));
        }
        if (evidence.isEmpty()) {
            evidence.add("there was no takeover");
        }
        boolean any = takeovers.stream().anyMatch(ObservedTakeover::tookSomethingBack);
        return new CheckResult(
                "rollback-restored-blocks",
                "The primary died in the middle of its writes: a rollback had blocks to restore",
                any ? Verdict.VALID : Verdict.UNKNOWN,
                evidence);
    }
}
