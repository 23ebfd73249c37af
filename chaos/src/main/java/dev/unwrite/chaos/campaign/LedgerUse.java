package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.LedgerCheck;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.ledger.LedgerHistory;
import dev.unwrite.chaos.ledger.LedgerLoad;
import dev.unwrite.chaos.ledger.LedgerView;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.workload.LedgerWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ledger on the hosts, and clients that move money in it. */
final class LedgerUse implements Load {
    private static final Duration READ_END_MAX = Duration.ofSeconds(20);

    private final Pair pair;
    private final LedgerWorkload.Settings settings;
    private @Nullable LedgerView end;

    LedgerUse(Pair pair) {
        this.pair = pair;
        Pair.Options options = pair.options();
        settings = new LedgerWorkload.Settings(
                pair.ledgerServers(),
                pair.history(),
                options.clients(),
                options.rate(),
                options.pipeline(),
                options.seed());
    }

    @Override
    public List<String> words() {
        List<String> words = new ArrayList<>(List.of(LedgerLoad.class.getName()));
        words.addAll(settings.words());
        words.addAll(List.of("--reply-timeout", "1000", "--no-input"));
        return words;
    }

    @Override
    public void end() throws IOException, InterruptedException {
        end = LedgerView.read(pair.ledgerServers(), settings.clientIds(), READ_END_MAX);
    }

    private List<Operation> operations() throws IOException {
        return Files.exists(pair.history()) ? LedgerHistory.read(pair.history()) : List.of();
    }

    @Override
    public List<CampaignRequest> requests() throws IOException {
        return operations().stream().map(CampaignRequest::of).toList();
    }

    @Override
    public List<CheckResult> checks(StorageHistory storage) throws IOException {
        List<Operation> operations = operations();
        CheckResult byNumbers = LedgerCheck.answersHold(operations, end);
        CheckResult bySearch = LedgerCheck.linearizable(operations, end);
        return List.of(
                byNumbers,
                bySearch,
                LedgerCheck.checkersAgree(byNumbers, bySearch),
                LedgerCheck.totalConserved(end),
                LedgerCheck.memoryAgreesWithPages(end));
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
