package dev.unwrite.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that the storage remembers of one group; durable as a whole.
 *
 * @param record who owns it
 * @param folders for each host's name the id of the data folder that claimed it (rule OneLife)
 * @param nextVolume the id of the next new volume; those below were given, and are never given again
 * @param volumes those that are served, by id
 */
record GroupMemory(
        OwnershipRecord record, SortedMap<String, String> folders, int nextVolume, List<KnownVolume> volumes) {
    /** Of a group that nobody has served or claimed. */
    static final GroupMemory EMPTY = new GroupMemory(OwnershipRecord.INITIAL, new TreeMap<>(), 0, List.of());

    GroupMemory {
        folders = Collections.unmodifiableSortedMap(new TreeMap<>(folders));
        volumes = List.copyOf(volumes);
    }

    GroupMemory withRecord(OwnershipRecord next) {
        return new GroupMemory(next, folders, nextVolume, volumes);
    }

    GroupMemory withFolder(String host, String folder) {
        SortedMap<String, String> next = new TreeMap<>(folders);
        next.put(host, folder);
        return new GroupMemory(record, next, nextVolume, volumes);
    }

    GroupMemory withVolumes(int next, List<KnownVolume> served) {
        return new GroupMemory(record, folders, next, served);
    }

    @Nullable
    KnownVolume volume(String name) {
        for (KnownVolume volume : volumes) {
            if (volume.name().equals(name)) {
                return volume;
            }
        }
        return null;
    }

    ObjectNode toJson(String group) {
        ObjectNode node = Json.object().put("group", group);
        node.set("record", Json.ofRecord(record));
        ObjectNode hosts = node.putObject("hosts");
        folders.forEach(hosts::put);
        node.put("next", nextVolume);
        ArrayNode list = node.putArray("volumes");
        for (KnownVolume volume : volumes) {
            ObjectNode each = list.addObject()
                    .put("id", volume.id())
                    .put("name", volume.name())
                    .put("size", volume.size());
            volume.mark().writeTo(each);
        }
        return node;
    }

    /** Throws {@link IllegalArgumentException} with one line if it is none. */
    static GroupMemory of(JsonNode node) {
        OwnershipRecord record = Json.toRecord(Json.child(node, "record"));
        if (!node.has("next")) {
            // Written by a storage that did not remember volumes and names yet.
            return EMPTY.withRecord(record);
        }
        SortedMap<String, String> folders = new TreeMap<>();
        for (Map.Entry<String, JsonNode> host : Json.child(node, "hosts").properties()) {
            folders.put(Names.check("host", host.getKey()), host.getValue().asText());
        }
        int next = Math.toIntExact(Json.number(node, "next"));
        List<KnownVolume> volumes = new ArrayList<>();
        for (JsonNode each : node.path("volumes")) {
            KnownVolume volume = new KnownVolume(
                    Math.toIntExact(Json.number(each, "id")),
                    Names.check("volume", Json.string(each, "name")),
                    Json.number(each, "size"),
                    BackendMark.of(each));
            if (volume.id() < 0 || volume.id() >= next) {
                throw new IllegalArgumentException("the id of volume " + volume.name() + " was never given");
            }
            volumes.add(volume);
        }
        return new GroupMemory(record, folders, next, volumes);
    }
}
