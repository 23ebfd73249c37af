package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.net.EventLoop;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A host's way to one group of the shared storage. Many threads may use it at once. Nothing connects before it is
 * needed, and a connection that was lost is made anew, so one client serves as long as its process.
 */
public final class StorageClient implements Closeable {
    private final NbdUri uri;
    private final String group;
    private final String host;
    private final Identity identity;
    private final Timeouts timeouts;
    private final OptionChannel options;
    private volatile @Nullable EventLoop loop;
    /** The storage that this client has to do with; empty before the first answer of a host that belongs to none yet. */
    private volatile String storage;
    /** Once the name is this folder's, whoever takes it over later has taken it. */
    private volatile boolean replacing;

    /**
     * How long to wait.
     *
     * @param answer for the connection to stand, and for each answer of the ownership protocol
     * @param request for each read or write of a volume; after it the connection counts as lost. A flush may take
     *     {@link #FLUSH}: a storage that is busy flushing is not to be asked to begin again
     */
    public record Timeouts(Duration answer, Duration request) {
        /** 5 s and 30 s. */
        public static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(30));

        static final Duration FLUSH = Duration.ofMinutes(10);

        NbdClient.Settings settings() {
            return NbdClient.Settings.DEFAULT
                    .withConnectTimeout(answer)
                    .withRequestTimeout(request)
                    .withFlushTimeout(FLUSH)
                    .withAllocation(true);
        }
    }

    /**
     * Who speaks: a host's name alone does not tell (rule OneLife).
     *
     * @param folder the id of the host's data folder; the name belongs to the folder that claimed it first
     * @param life this process; another for each start
     * @param storage the id of the storage that the folder belongs to; empty if it belongs to none yet, then any will do
     * @param replace whether this folder takes the name over from the one that has it, whose host is dead for good
     */
    public record Identity(String folder, long life, String storage, boolean replace) {
        /** A folder that is known by group and host alone: for tests and tools that have none. */
        public static Identity of(String group, String host) {
            UUID folder = UUID.nameUUIDFromBytes((group + "/" + host).getBytes(StandardCharsets.UTF_8));
            return new Identity(folder.toString(), 0, "", false);
        }
    }

    private StorageClient(NbdUri uri, String group, String host, Identity identity, Timeouts timeouts) {
        this.identity = identity;
        this.uri = uri.withExport("");
        this.group = Names.check("group", group);
        this.host = Names.check("host", host);
        this.timeouts = timeouts;
        this.storage = identity.storage();
        this.replacing = identity.replace();
        this.options = new OptionChannel(this.uri, timeouts.settings(), this::checked);
    }

    /** A client that connects when it is first used. Throws {@link IllegalArgumentException} for a bad name. */
    public static StorageClient of(NbdUri uri, String group, String host, Timeouts timeouts) {
        return new StorageClient(uri, group, host, Identity.of(group, host), timeouts);
    }

    /** As above, for a host with a data folder. */
    public static StorageClient of(NbdUri uri, String group, String host, Identity identity, Timeouts timeouts) {
        return new StorageClient(uri, group, host, identity, timeouts);
    }

    /** A client whose storage answers and has the group; throws as {@link #readRecord} if not. */
    public static StorageClient connect(NbdUri uri, String group, String host) throws IOException {
        StorageClient client = of(uri, group, host, Timeouts.DEFAULT);
        try {
            client.readRecord();
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    /** Has this loop serve the connections to volumes that are made from here on. */
    public StorageClient servedBy(EventLoop owner) {
        loop = owner;
        return this;
    }

    /** The name of the group. */
    public String group() {
        return group;
    }

    /** The name of the host that this client speaks for. */
    public String host() {
        return host;
    }

    /**
     * The record in force. Throws {@link StorageUnavailableException} if that cannot be told now,
     * {@link NotAStorageException}, {@link ForeignStorageException}, {@link NameTakenException} or
     * {@link dev.unwrite.nbd.NbdRefusedException} if trying again is no use.
     */
    public OwnershipRecord readRecord() throws IOException {
        return recordOf(options.callTwice(request("read")));
    }

    /**
     * A volume of the group.
     *
     * @param id made by the storage when it first served the volume, and its for ever; extents name volumes by it
     */
    public record VolumeInfo(int id, String name, long sizeBytes) {}

    /**
     * The group's volumes in the order of their ids, between which there may be gaps. A size may have grown since a session
     * was opened before. Throws as {@link #readRecord}.
     */
    public List<VolumeInfo> volumes() throws IOException {
        List<VolumeInfo> volumes = new ArrayList<>();
        for (JsonNode volume : options.callTwice(request("volumes")).path("volumes")) {
            volumes.add(new VolumeInfo(
                    Math.toIntExact(Json.number(volume, "id")),
                    Json.string(volume, "name"),
                    Json.number(volume, "size")));
        }
        return volumes;
    }

    /**
     * Opens a session in which the host means to act in {@code term}. On return every earlier session of this host has
     * ended: nothing that was on its way there will be applied (rule OneConnection), and this host's name belongs to its data
     * folder (rule OneLife), durably. Throws as {@link #readRecord}; the earlier sessions may have ended even so, but not when
     * it throws {@link NameTakenException} or {@link ForeignStorageException}.
     */
    public StorageSession openSession(long term) throws IOException {
        OptionChannel own = new OptionChannel(uri, timeouts.settings(), this::checked);
        try {
            // Opening twice is harmless: the second only ends the first, which nobody knows.
            ObjectNode reply = own.callTwice(request("open").put("term", term));
            replacing = false;
            return new StorageSession(
                    this, own, term, Json.number(reply, "session"), Json.number(reply, "boot"), recordOf(reply));
        } catch (IOException | RuntimeException e) {
            own.close();
            throw e;
        }
    }

    @Override
    public void close() {
        options.close();
    }

    /**
     * The id of the storage that the data folder belongs to, else of the one that answered first; empty while neither is
     * known. It never changes after that: an answer of another storage is a {@link ForeignStorageException}.
     */
    public String storageId() {
        return storage;
    }

    NbdUri uri() {
        return uri;
    }

    NbdClient.Settings settings() {
        EventLoop owner = loop;
        return owner == null ? timeouts.settings() : timeouts.settings().withLoop(owner);
    }

    ObjectNode request(String op) {
        ObjectNode request = Json.object()
                .put("op", op)
                .put("group", group)
                .put("host", host)
                .put("folder", identity.folder())
                .put("life", identity.life());
        String known = storage;
        if (!known.isEmpty()) {
            request.put("storage", known);
        }
        if (replacing) {
            request.put("replace", true);
        }
        return request;
    }

    /** Returns the answer, or throws the exception for one that says that the op was not carried out. */
    ObjectNode checked(ObjectNode reply) throws IOException {
        String answers = reply.path("storage").asText();
        if (!answers.isEmpty() && !learned(answers).equals(answers)) {
            throw new ForeignStorageException(foreign(answers));
        }
        if (!reply.has("error")) {
            return reply;
        }
        String message = reply.path("message").asText();
        throw switch (reply.path("error").asText()) {
            case "ended" -> new SessionEndedException(message);
            case "unavailable" -> new StorageUnavailableException(message);
            case "taken" -> new NameTakenException(message, reply.path("alive").asBoolean());
            default -> new OptionChannel.UnansweredException(new IOException(message));
        };
    }

    /** The first that answers is the one to stay with. */
    private synchronized String learned(String answers) {
        if (storage.isEmpty()) {
            storage = answers;
        }
        return storage;
    }

    private String foreign(String answers) {
        return "the storage at " + uri + " is " + answers + ", the data folder of host " + host + " belongs to storage "
                + storage + ": give this node the --storage that it belongs to, or start it with an empty --data";
    }

    static OwnershipRecord recordOf(JsonNode reply) throws IOException {
        try {
            return Json.toRecord(Json.child(reply, "record"));
        } catch (IllegalArgumentException e) {
            throw new StorageUnavailableException("the storage's answer is not understood: " + e.getMessage(), e);
        }
    }
}
