package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The earliest thing that a check found wrong, as far as its evidence says when that was: it names a line of a trace, or the
 * term of a rollback. What clients were told has no such place.
 *
 * @param at nanoseconds since 1970
 */
record FirstViolation(long at, String what) {
    private static final Pattern LINE = Pattern.compile("([^/\\s]+\\.ndjson), line (seq )?(\\d+): ");
    private static final Pattern TERM = Pattern.compile("^term (\\d+): after the rollback");

    static Optional<FirstViolation> of(List<CheckResult> checks, List<StorageHistory.Change> changes, Path traces)
            throws IOException {
        Stream.Builder<FirstViolation> found = Stream.builder();
        for (CheckResult check : checks) {
            if (check.verdict() == Verdict.INVALID) {
                for (String evidence : check.evidence()) {
                    OptionalLong at = when(evidence, changes, traces);
                    at.ifPresent(moment -> found.add(new FirstViolation(moment, evidence)));
                }
            }
        }
        return found.build().min(Comparator.comparingLong(FirstViolation::at));
    }

    private static OptionalLong when(String evidence, List<StorageHistory.Change> changes, Path traces)
            throws IOException {
        Matcher line = LINE.matcher(evidence);
        if (line.find()) {
            boolean sequence = line.group(2) != null;
            return MomentReader.when(traces.resolve(line.group(1)), sequence, Long.parseLong(line.group(3)));
        }
        Matcher term = TERM.matcher(evidence);
        if (term.find()) {
            long number = Long.parseLong(term.group(1));
            return changes.stream()
                    .filter(change -> change.term() == number && change.mode().equals("rollback"))
                    .mapToLong(StorageHistory.Change::at)
                    .findFirst();
        }
        return OptionalLong.empty();
    }
}
