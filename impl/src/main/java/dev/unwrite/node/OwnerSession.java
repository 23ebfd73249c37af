package dev.unwrite.node;

import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageClient.VolumeInfo;
import dev.unwrite.storage.StorageSession;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A session with the storage and a connection to each volume of the group, by its id. */
final class OwnerSession implements Closeable {
    private final StorageSession session;
    private final List<VolumeInfo> infos;
    private final Map<Integer, NbdClient> volumes = new HashMap<>();

    private OwnerSession(StorageSession session, List<VolumeInfo> infos) {
        this.session = session;
        this.infos = infos;
    }

    /** Opens a session in {@code term}; all earlier ones of this host end (rule OneConnection). */
    static OwnerSession open(StorageClient client, long term) throws IOException {
        List<VolumeInfo> infos = client.volumes();
        OwnerSession opened = new OwnerSession(client.openSession(term), infos);
        try {
            for (VolumeInfo info : infos) {
                opened.volumes.put(info.id(), opened.session.volume(info.name()));
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    StorageSession session() {
        return session;
    }

    long number() {
        return session.number();
    }

    /** The volume of that id; {@link NbdError#EINVAL} where the storage has none. */
    BlockDevice volume(int id) throws NbdException {
        NbdClient volume = volumes.get(id);
        if (volume == null) {
            throw new NbdException(NbdError.EINVAL, "the storage has no volume of id " + id);
        }
        return volume;
    }

    List<VolumeInfo> infos() {
        return infos;
    }

    /** Whether the storage still holds all connections; that it has hung up says more than silence does. */
    boolean isConnected() {
        return volumes.values().stream().allMatch(NbdClient::isConnected);
    }

    /** On return all that was written before is durable. */
    void flush() throws IOException {
        for (NbdClient volume : volumes.values()) {
            volume.flush();
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (IOException e) {
            // The session is given up anyway; the storage ends it when the next one opens.
            System.getLogger(OwnerSession.class.getName()).log(System.Logger.Level.DEBUG, e.toString());
        }
    }
}
