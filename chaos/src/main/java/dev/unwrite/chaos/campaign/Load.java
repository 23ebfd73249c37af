package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.cluster.Watcher;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** What loads a pair, and the checks that only this load allows. For one thread; closed when the run is over. */
interface Load extends Closeable {
    /** The load of a pair, as its options say. */
    static Load of(Pair pair, Watcher watcher) {
        return switch (pair.options().load()) {
            case LEDGER -> new LedgerUse(pair);
            case VOLUME -> new VolumeUse(pair, watcher);
            case FIO -> new FioUse(pair, watcher);
            case VM -> throw new IllegalArgumentException("a guest has a campaign of its own");
        };
    }

    /** The class that runs at the place of the clients, and its words. It ends at SIGTERM. */
    List<String> words();

    /** All is healed and the clients have ended: looks at what is there. The hosts still run. */
    void end() throws IOException, InterruptedException;

    /** Everything that the clients asked for. */
    List<CampaignRequest> requests() throws IOException;

    /** The verdicts. */
    List<CheckResult> checks(StorageHistory storage) throws IOException;

    @Override
    void close();
}
