package dev.unwrite.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdDisconnectedException;
import dev.unwrite.nbd.NbdNegotiation;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A host's session at the storage: the one through which it reads, writes and changes the record. It ends when the host
 * opens another or the storage restarts; it may write while the record names its host as owner in its term.
 */
public final class StorageSession implements Closeable {
    private final StorageClient client;
    private final OptionChannel options;
    private final long term;
    private final long number;
    private final long boot;
    private final OwnershipRecord record;
    private final List<NbdClient> devices = new ArrayList<>();
    private boolean closed;

    StorageSession(
            StorageClient client, OptionChannel options, long term, long number, long boot, OwnershipRecord record) {
        this.client = client;
        this.options = options;
        this.term = term;
        this.number = number;
        this.boot = boot;
        this.record = record;
    }

    /** Unique for ever. */
    public long number() {
        return number;
    }

    /**
     * The storage's boot number. If it is higher than at the host's session before, what was not flushed through that
     * one may be gone (rule ReplayUnflushed).
     */
    public long boot() {
        return boot;
    }

    /** The term in which this session acts. */
    public long term() {
        return term;
    }

    /** The record at the moment of opening. */
    public OwnershipRecord record() {
        return record;
    }

    /**
     * Connects to a volume; each call makes a connection of its own. Requests end with NBD error ESHUTDOWN or
     * {@link NbdDisconnectedException} once the session has ended or is fenced, with EPERM where it may
     * not write. After a lost connection, a write may still be on its way: open a new session before sending it again
     * (rule OneConnection). Throws {@link SessionEndedException} if the session has ended, else as
     * {@link StorageClient#readRecord}.
     */
    public NbdClient volume(String name) throws IOException {
        NbdNegotiation negotiation = OptionChannel.connect(client.uri(), client.settings());
        NbdClient device;
        try (negotiation) {
            ObjectNode attach = client.request("attach").put("session", number);
            client.checked(OptionChannel.call(negotiation, attach));
            device = negotiation.go(client.group() + "/" + name);
        } catch (NbdDisconnectedException e) {
            throw new StorageUnavailableException("the storage hung up: " + e.getMessage(), e);
        } catch (OptionChannel.UnansweredException e) {
            throw new StorageUnavailableException("the storage did not answer: " + e.getMessage(), e);
        }
        synchronized (devices) {
            if (!closed) {
                devices.add(device);
                return device;
            }
        }
        device.close();
        throw new SessionEndedException("the session was closed");
    }

    /** The group's volumes. Throws as {@link StorageClient#readRecord}. */
    public List<StorageClient.VolumeInfo> volumes() throws IOException {
        return client.volumes();
    }

    /** The outcome of a compare-and-set, and the record that is in force afterwards. */
    public record CasResult(boolean ok, OwnershipRecord record) {}

    /**
     * Replaces the record if its version is {@code expectVersion}; the version in {@code next} is not used. On return
     * of ok the record is durable, and no write of a lower term will be applied any more (rule FenceBeforeRollback).
     *
     * @throws SessionEndedException if the session has ended; the record was not changed
     * @throws CasUncertainException if no answer came: open a new session, then look at its record
     * @throws StorageUnavailableException if the record was surely not changed
     * @throws NameTakenException or {@link ForeignStorageException} if the storage does not hear this host any more; the record
     *     was not changed
     * @throws dev.unwrite.nbd.NbdRefusedException if the storage does not take such a record; it was not changed
     */
    public CasResult cas(long expectVersion, OwnershipRecord next) throws IOException {
        ObjectNode request = client.request("cas").put("session", number).put("expect", expectVersion);
        request.set("record", Json.ofRecord(next));
        try {
            ObjectNode reply = options.call(request);
            return new CasResult(reply.path("ok").asBoolean(), StorageClient.recordOf(reply));
        } catch (OptionChannel.UnansweredException e) {
            throw new CasUncertainException("no answer to a change of the record: " + e.getMessage(), e);
        }
    }

    /** Closes this session's connections; the session itself lasts until the host opens another. */
    @Override
    public void close() throws IOException {
        List<NbdClient> closing;
        synchronized (devices) {
            closed = true;
            closing = List.copyOf(devices);
            devices.clear();
        }
        options.close();
        for (NbdClient device : closing) {
            device.close();
        }
    }
}
