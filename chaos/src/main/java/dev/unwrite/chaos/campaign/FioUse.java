package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.FioCheck;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.volume.FioLoad;
import dev.unwrite.chaos.volume.VolumeEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** fio on a raw volume, and checkpoints by command. */
final class FioUse implements Load {
    private final Pair pair;
    private final StateKeeper states;

    FioUse(Pair pair, Watcher watcher) {
        this.pair = pair;
        this.states = StateKeeper.showing(pair, watcher);
    }

    @Override
    public List<String> words() {
        List<String> words = new ArrayList<>(List.of(FioLoad.class.getName()));
        words.addAll(pair.volumeWords());
        words.addAll(List.of("--states", StateKeeper.folder(pair).toString()));
        return words;
    }

    /** The load has verified the volume itself. */
    @Override
    public void end() {}

    @Override
    public List<CampaignRequest> requests() throws IOException {
        return VolumeEvent.read(pair.history()).stream()
                .map(CampaignRequest::of)
                .toList();
    }

    @Override
    public List<CheckResult> checks(StorageHistory storage) throws IOException {
        return List.of(FioCheck.check(VolumeEvent.read(pair.history()), storage.changes()));
    }

    @Override
    public void close() {
        states.close();
    }
}
