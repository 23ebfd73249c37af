package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.trace.TraceWriter;
import dev.unwrite.undo.Copy;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The secondary's end of a copy that was asked for, on a real undo log. */
class MirrorTest {
    private static final Extent X = new Extent(0, 10, 2);

    @TempDir
    Path folder;

    private final Engine engine = new Engine(HostState.started("B", "A", new TreeMap<>(), null), TraceWriter.NONE);
    private UndoLog undo;
    private CheckpointStore store;
    private Mirror mirror;

    @BeforeEach
    void start() throws IOException {
        undo = UndoLog.open(folder.resolve("undo"), UndoOptions.defaults());
        store = CheckpointStore.open(folder.resolve("checkpoint"), CheckpointStore.Policy.DURABLE, 1 << 20);
        StorageClient storage =
                StorageClient.of(NbdUri.unix(folder.resolve("none"), ""), "g", "B", StorageClient.Timeouts.DEFAULT);
        mirror = new Mirror(engine, storage, undo, store, Map::of, false, (term, epoch, why) -> {});
        assertThat(engine.take(new Action.FollowJoin(new OwnershipRecord(1, 1, "A", OwnershipRecord.Mode.SOLO, "", 0))))
                .isTrue();
    }

    @AfterEach
    void stop() throws IOException {
        mirror.close();
        undo.close();
    }

    private static List<Copy> copies(long epoch) {
        ByteBuffer old = ByteBuffer.allocate((int) X.lengthBytes()).put(5, (byte) 1);
        return List.of(new Copy(1, epoch, X.volume(), X.first(), old));
    }

    @Test
    void aCopyIsKept() throws Exception {
        assertThat(mirror.store(copies(1))).isTrue();
        assertThat(undo.stored(1, 1, 0).containsRange(X.first(), X.count())).isTrue();
    }

    /** A request that came again may be served only when its epoch is over; that is no reason to give the mirror up. */
    @Test
    void aCopyThatIsOvertakenByTheCommitOfALaterCheckpointIsNotNeeded() throws Exception {
        undo.discardBefore(1, 2).get();
        assertThat(mirror.store(copies(1))).isFalse();
        assertThat(mirror.store(copies(2))).isTrue();
        assertThat(mirror.failure()).isNull();
    }

    @Test
    void aLogThatTakesNothingMoreIsTold() throws IOException {
        undo.close();
        assertThatThrownBy(() -> mirror.store(copies(1))).isInstanceOf(Exception.class);
    }
}
