package dev.unwrite.node;

import dev.unwrite.host.SharedStorage;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageClient.VolumeInfo;
import dev.unwrite.storage.StorageSession;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A session with the storage and a connection to each volume of the group, by its id. All calls block. */
final class OpenSession implements Closeable {
    private final StorageSession session;
    private final SharedStorage.Session told;
    private final Map<Integer, NbdClient> volumes = new LinkedHashMap<>();

    private OpenSession(StorageSession session, SharedStorage.Session told) {
        this.session = session;
        this.told = told;
    }

    /** Opens a session in {@code term}; all earlier ones of this host end (rule OneConnection). */
    static OpenSession open(StorageClient client, long term) throws IOException {
        List<SharedStorage.Volume> infos = new ArrayList<>();
        for (VolumeInfo info : client.volumes()) {
            infos.add(new SharedStorage.Volume(info.id(), info.name(), info.sizeBytes()));
        }
        StorageSession session = client.openSession(term);
        OpenSession opened = new OpenSession(
                session,
                new SharedStorage.Session(
                        session.number(), session.boot(), client.storageId(), session.record(), infos));
        try {
            for (SharedStorage.Volume info : infos) {
                opened.volumes.put(info.id(), session.volume(info.name()));
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** What the host is told of it. */
    SharedStorage.Session told() {
        return told;
    }

    long number() {
        return told.number();
    }

    StorageSession session() {
        return session;
    }

    /** The volume of that id; {@link NbdError#EINVAL} where the storage has none. */
    BlockDevice volume(int id) throws NbdException {
        NbdClient volume = volumes.get(id);
        if (volume == null) {
            throw new NbdException(NbdError.EINVAL, "the storage has no volume of id " + id);
        }
        return volume;
    }

    /** The connection to the volume of that id; null where the storage has none. */
    @Nullable
    NbdClient connection(int id) {
        return volumes.get(id);
    }

    /** The connections. */
    List<NbdClient> connections() {
        return List.copyOf(volumes.values());
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (IOException e) {
            // The session is given up anyway; the storage ends it when the next one opens.
            System.getLogger(OpenSession.class.getName()).log(System.Logger.Level.DEBUG, e.toString());
        }
    }
}
