package dev.unwrite.storage;

import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the volumes that a storage is to serve against those that it remembers. What a person may have changed between two
 * starts is right, or refused in one line that says what to do. Only decides, and changes nothing.
 */
final class Roster {
    /** What is remembered of each group, of those too that are not served now. */
    private final Map<String, GroupMemory> memories;

    private final Set<String> moved;
    private final Set<String> forgotten;
    private final Consumer<String> log;

    /**
     * {@code moved} and {@code forgotten} are exports, {@code GROUP/NAME}: those whose backend is another one now that holds
     * what the former held, and those that are gone for good.
     */
    Roster(Map<String, GroupMemory> memories, Set<String> moved, Set<String> forgotten, Consumer<String> log) {
        this.memories = new TreeMap<>(memories);
        this.moved = moved;
        this.forgotten = forgotten;
        this.log = log;
    }

    /** Drops what is to be forgotten; throws {@link StorageSetupException} if that must not be. */
    void forget(List<Found> given) throws StorageSetupException {
        for (String export : forgotten) {
            int slash = export.indexOf('/');
            String group = slash < 0 ? "" : export.substring(0, slash);
            GroupMemory memory = memories.get(group);
            KnownVolume volume = memory == null ? null : memory.volume(export.substring(slash + 1));
            if (given.stream().anyMatch(each -> each.spec().export().equals(export))) {
                throw new StorageSetupException(
                        export + " is given with --volume and with --forget: say one of them, not both");
            }
            if (memory == null || volume == null) {
                log.accept("there is no volume " + export + " to forget");
                continue;
            }
            Mode mode = memory.record().mode();
            if (mode == Mode.PROTECTED || mode == Mode.ROLLBACK) {
                throw new StorageSetupException(
                        "volume " + export + " cannot be forgotten while the record of group " + group
                                + " says " + mode.wire()
                                + ": give it again, stop the secondary until the group is solo, then start"
                                + " with --forget " + export);
            }
            List<KnownVolume> left = new ArrayList<>(memory.volumes());
            left.remove(volume);
            memories.put(group, memory.withVolumes(memory.nextVolume(), left));
            log.accept("volume " + export + " (id " + volume.id() + ") is forgotten");
        }
    }

    /** Throws {@link StorageSetupException} unless each volume has its own backend, and the one that it had. */
    void check(List<Found> given) throws StorageSetupException {
        checkApart(given);
        checkAllThere(given);
        for (Found found : given) {
            KnownVolume known = known(found.spec());
            BackendMark mark = found.mark();
            if (known != null && mark == null) {
                throw new StorageSetupException(
                        "the backend of volume " + found.spec().export() + ", "
                                + found.spec().backend()
                                + ", is gone: it was served before and is not created anew; put it back, or "
                                + "name the place where it is now");
            }
            if (mark != null) {
                checkNotAnothers(found.spec(), mark, given);
                checkSame(found.spec(), mark, known);
            }
        }
        for (String export : moved) {
            if (given.stream().noneMatch(each -> each.spec().export().equals(export) && known(each.spec()) != null)) {
                throw new StorageSetupException(
                        "there is no volume " + export + " that could have moved: leave --moved " + export + " away");
            }
        }
    }

    /** Throws unless the size may follow the one that is remembered; {@code size} in bytes. */
    void checkSize(VolumeSpec spec, long size) throws StorageSetupException {
        KnownVolume known = known(spec);
        if (known == null) {
            return;
        }
        if (size < known.size()) {
            throw new StorageSetupException(
                    "volume " + spec.export() + " had " + known.size() + " bytes and " + spec.backend()
                            + " has " + size
                            + ": put back the whole of it; a volume cannot become smaller (a new one of another"
                            + " name can)");
        }
        if (size > known.size() && moved.contains(spec.export())) {
            throw new StorageSetupException(
                    "volume " + spec.export() + " had " + known.size() + " bytes and " + spec.backend() + " has " + size
                            + ": let it move with its size as it was, and grow at the next start");
        }
        if (size > known.size()) {
            log.accept("volume " + spec.export() + " has grown from " + known.size() + " to " + size + " bytes");
        }
    }

    /** What is remembered of this volume, or null. */
    @Nullable
    KnownVolume known(VolumeSpec spec) {
        return memory(spec.group()).volume(spec.name());
    }

    /** What to remember of a group from now on: known volumes keep their ids, new ones get the next in their order. */
    GroupMemory remember(String group, List<Served> served) {
        GroupMemory before = memory(group);
        int next = before.nextVolume();
        List<KnownVolume> volumes = new ArrayList<>();
        for (Served each : served) {
            KnownVolume known = before.volume(each.name());
            volumes.add(new KnownVolume(known == null ? next++ : known.id(), each.name(), each.size(), each.mark()));
        }
        volumes.sort(Comparator.comparingInt(KnownVolume::id));
        return before.withVolumes(next, volumes);
    }

    /** A group that is served or not, without what was forgotten. */
    GroupMemory memory(String group) {
        return memories.getOrDefault(group, GroupMemory.EMPTY);
    }

    /** The groups of which something was forgotten, or anything is known. */
    Set<String> groups() {
        return memories.keySet();
    }

    /** A volume whose backend is open. */
    record Served(String name, long size, BackendMark mark) {}

    private static void checkApart(List<Found> given) throws StorageSetupException {
        Map<String, VolumeSpec> bySpot = new HashMap<>();
        for (Found found : given) {
            for (String spot : found.spots()) {
                VolumeSpec other = bySpot.putIfAbsent(spot, found.spec());
                if (other != null) {
                    throw new StorageSetupException(
                            "volumes " + other.export() + " and " + found.spec().export() + " have the same backend, "
                                    + found.spec().backend() + ": give each its own");
                }
            }
        }
    }

    /** A group that is left out as a whole is not served, which harms nobody. */
    private void checkAllThere(List<Found> given) throws StorageSetupException {
        Map<String, Set<String>> names = new LinkedHashMap<>();
        for (Found found : given) {
            names.computeIfAbsent(found.spec().group(), group -> new java.util.HashSet<>())
                    .add(found.spec().name());
        }
        for (Map.Entry<String, Set<String>> group : names.entrySet()) {
            for (KnownVolume volume : memory(group.getKey()).volumes()) {
                if (!group.getValue().contains(volume.name())) {
                    String export = group.getKey() + "/" + volume.name();
                    throw new StorageSetupException("volume " + export + " was served before ("
                            + volume.mark().place() + "): give it again, or --forget " + export
                            + " if it is gone for good");
                }
            }
        }
    }

    /** What belongs to another volume is its content, whatever anybody says of moving. */
    private void checkNotAnothers(VolumeSpec spec, BackendMark mark, List<Found> given) throws StorageSetupException {
        for (Map.Entry<String, GroupMemory> group : memories.entrySet()) {
            for (KnownVolume other : group.getValue().volumes()) {
                String export = group.getKey() + "/" + other.name();
                if (export.equals(spec.export()) || !other.mark().isSameAs(mark)) {
                    continue;
                }
                boolean leftThere = moved.contains(export) && moved.contains(spec.export()) && !mark.isIntrinsic();
                if (!leftThere) {
                    throw new StorageSetupException("the backend of volume " + spec.export() + ", " + spec.backend()
                            + ", is that of volume " + export + ": give each volume its own"
                            + (isGiven(export, given) ? "" : ", or --forget " + export + " if it is gone for good"));
                }
            }
        }
    }

    private static boolean isGiven(String export, List<Found> given) {
        return given.stream().anyMatch(each -> each.spec().export().equals(export));
    }

    private void checkSame(VolumeSpec spec, BackendMark mark, @Nullable KnownVolume known)
            throws StorageSetupException {
        if (known == null) {
            return;
        }
        boolean same = known.mark().isSameAs(mark);
        if (moved.contains(spec.export())) {
            if (same) {
                throw new StorageSetupException("the backend of volume " + spec.export()
                        + " is the one that it was: leave --moved " + spec.export() + " away");
            }
            log.accept("volume " + spec.export() + " has moved from "
                    + known.mark().place() + " to " + mark.place());
        } else if (!same) {
            throw new StorageSetupException(
                    "the backend of volume " + spec.export() + ", " + spec.backend()
                            + ", is not the one that it was ("
                            + (known.mark().place().equals(mark.place())
                                    ? "written anew at the same place"
                                    : known.mark().place())
                            + "): if it was moved or copied as it was while nobody wrote, say --moved " + spec.export()
                            + "; if it was put back from a backup, that is a new life: use an empty --data for storage and nodes");
        }
    }
}
