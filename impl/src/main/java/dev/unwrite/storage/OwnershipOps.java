package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.OptionHandler;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ownership protocol at the storage: JSON in a private option of the NBD handshake. What makes no sense is
 * answered with an NBD option error; what makes sense but cannot be done, with {@code {"error":...,"message":...}}.
 */
final class OwnershipOps implements OptionHandler {
    /** The private option's number: "unwr" in ASCII. */
    static final int OPTION = 0x756E7772;

    private final String storage;
    private final Map<String, StorageGroup> groups;

    /** {@code storage}: the id of this storage, which each answer carries. */
    OwnershipOps(String storage, Map<String, StorageGroup> groups) {
        this.storage = storage;
        this.groups = groups;
    }

    @Override
    public byte[] handle(NbdConnection connection, byte[] payload) throws IOException {
        ObjectNode reply;
        try {
            reply = answer(connection, Json.parse(utf8(payload)));
        } catch (IllegalArgumentException e) {
            throw NbdRefusedException.invalid(String.valueOf(e.getMessage()));
        } catch (StorageOpException e) {
            if (e.code() == StorageOpException.Code.INVALID) {
                throw NbdRefusedException.invalid(String.valueOf(e.getMessage()));
            }
            reply = refusal(e);
        }
        reply.put("storage", storage);
        // A node keeps the connection over which it haggles, and may have nothing to say for long.
        connection.allowIdle();
        return reply.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode refusal(StorageOpException e) {
        ObjectNode reply = Json.object().put("message", e.getMessage());
        if (e.code() == StorageOpException.Code.ALIVE) {
            return reply.put("error", "taken").put("alive", true);
        }
        return reply.put("error", e.code().name().toLowerCase(Locale.ROOT));
    }

    private static String utf8(byte[] payload) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not UTF-8", e);
        }
    }

    private ObjectNode answer(NbdConnection connection, ObjectNode request) throws IOException {
        String op = Json.string(request, "op");
        String asked = request.has("storage") ? Json.string(request, "storage") : "";
        if (!asked.isEmpty() && !asked.equals(storage)) {
            throw new StorageOpException(StorageOpException.Code.FOREIGN, "this is storage " + storage);
        }
        StorageGroup group = group(request);
        Caller who = request.has("host") ? speaker(group, request) : null;
        Hosts.Heard heard = who == null || op.equals("open") ? null : group.hear(who, connection);
        return switch (op) {
            case "read" -> Json.object().set("record", Json.ofRecord(group.record()));
            case "volumes" -> volumes(group);
            case "open" -> open(group, request, connection);
            case "attach" -> attach(group, request, connection, heard);
            case "cas" -> compareAndSet(group, request);
            default -> throw new IllegalArgumentException("\"op\" is none of read, volumes, open, attach, cas");
        };
    }

    private StorageGroup group(JsonNode request) throws NbdRefusedException {
        String name = Names.check("group", Json.string(request, "group"));
        StorageGroup group = groups.get(name);
        if (group == null) {
            throw NbdRefusedException.unknown(
                    "no group " + name + " here; the storage has " + String.join(", ", groups.keySet()));
        }
        return group;
    }

    private static ObjectNode volumes(StorageGroup group) {
        ObjectNode reply = Json.object();
        ArrayNode list = reply.putArray("volumes");
        for (Volume volume : group.volumes().values()) {
            list.addObject()
                    .put("id", volume.id())
                    .put("name", volume.name())
                    .put("size", volume.backend().size());
        }
        return reply;
    }

    private static ObjectNode open(StorageGroup group, JsonNode request, NbdConnection connection) throws IOException {
        Caller who = speaker(group, request);
        StorageGroup.Opened opened = group.open(who, connection, Json.number(request, "term"));
        ObjectNode reply = Json.object()
                .put("session", opened.session().number())
                .put("boot", opened.session().boot());
        reply.set("record", Json.ofRecord(opened.record()));
        return reply;
    }

    private static ObjectNode attach(
            StorageGroup group, JsonNode request, NbdConnection connection, Hosts.@Nullable Heard heard)
            throws IOException {
        if (connection.attachment() != null) {
            throw new IllegalArgumentException("this connection is attached already");
        }
        Binding binding = new Binding(group.name(), host(request), session(request), heard);
        if (!group.attach(binding, connection)) {
            throw new StorageOpException(StorageOpException.Code.ENDED, "the session has ended");
        }
        return Json.object().put("ok", true);
    }

    private static ObjectNode compareAndSet(StorageGroup group, JsonNode request) throws IOException {
        OwnershipRecord proposed = Json.toRecord(Json.child(request, "record"));
        StorageGroup.Compared compared =
                group.compareAndSet(host(request), session(request), Json.number(request, "expect"), proposed);
        ObjectNode reply = Json.object().put("ok", compared.ok());
        if (compared.ended()) {
            reply.put("error", "ended").put("message", "the session has ended");
        }
        reply.set("record", Json.ofRecord(compared.record()));
        return reply;
    }

    private static String host(JsonNode request) {
        return Names.check("host", Json.string(request, "host"));
    }

    /** Whoever names no folder has one that is known by its group and its name. */
    private static Caller speaker(StorageGroup group, JsonNode request) {
        String host = host(request);
        if (!request.has("folder")) {
            return Caller.of(group.name(), host);
        }
        long life = request.has("life") ? Json.number(request, "life") : 0;
        return new Caller(host, folder(request), life, request.path("replace").asBoolean());
    }

    private static String folder(JsonNode request) {
        return Names.check("folder", Json.string(request, "folder"));
    }

    private static long session(JsonNode request) {
        long session = Json.number(request, "session");
        if (session <= StorageCore.NO_SESSION) {
            throw new IllegalArgumentException("\"session\" is not a session number");
        }
        return session;
    }
}
