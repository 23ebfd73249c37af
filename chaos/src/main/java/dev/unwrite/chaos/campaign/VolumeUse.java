package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.StorageHistory;
import dev.unwrite.chaos.check.VolumeCheck;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.volume.VolumeEvent;
import dev.unwrite.chaos.volume.VolumeLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A raw volume with blocks that describe themselves, and checkpoints by command. */
final class VolumeUse implements Load {
    private final Pair pair;
    private final StateKeeper states;

    VolumeUse(Pair pair, Watcher watcher) {
        this.pair = pair;
        this.states = StateKeeper.start(pair, watcher);
    }

    @Override
    public List<String> words() {
        Pair.Options options = pair.options();
        List<String> words = new ArrayList<>(List.of(VolumeLoad.class.getName()));
        words.addAll(pair.volumeWords());
        words.addAll(List.of("--writers", Integer.toString(options.clients() * options.pipeline())));
        words.addAll(List.of("--rate", Integer.toString(options.rate())));
        words.addAll(List.of(
                "--checkpoint-every", Long.toString(options.checkpointEvery().toMillis())));
        return words;
    }

    /** The clients have read the volume themselves. */
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
        return VolumeCheck.check(VolumeEvent.read(pair.history()), storage.changes(), states.lines());
    }

    @Override
    public void close() {
        states.close();
    }
}
