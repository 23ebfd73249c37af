package dev.unwrite.storage;

import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.Extent;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The volumes of a storage and their backends, opened all or none. */
final class OpenVolumes implements Closeable {
    private final Roster roster;
    private final Map<String, Backend> backends = new LinkedHashMap<>();
    /** Files that this start created; nobody has written to them yet. */
    private final List<Path> created = new ArrayList<>();

    private OpenVolumes(Roster roster) {
        this.roster = roster;
    }

    /**
     * Opens the backends, after everything that can be told without them was found right; creates and grows files last. Throws
     * {@link StorageSetupException} with one line if they cannot be served; what it created is gone by then.
     */
    static OpenVolumes open(StorageServer.Settings settings, RecordStore store) throws IOException {
        Map<String, GroupMemory> memories = new HashMap<>();
        for (String group : store.groups()) {
            memories.put(group, store.memory(group));
        }
        for (VolumeSpec spec : settings.volumes()) {
            memories.put(spec.group(), store.memory(spec.group()));
        }
        List<Found> given = new ArrayList<>();
        for (VolumeSpec spec : settings.volumes()) {
            given.add(Found.look(spec));
        }
        Roster roster = new Roster(memories, settings.moved(), settings.forgotten(), settings.log());
        roster.forget(given);
        roster.check(given);
        OpenVolumes volumes = new OpenVolumes(roster);
        try {
            for (Found found : given) {
                volumes.openExisting(found);
            }
            for (Found found : given) {
                volumes.create(found, settings.log());
            }
            return volumes;
        } catch (IOException | RuntimeException e) {
            volumes.undo();
            throw e;
        }
    }

    private void openExisting(Found found) throws IOException {
        VolumeSpec spec = found.spec();
        NbdUri uri = spec.uri();
        if (uri != null) {
            keep(found, RemoteBackend.open(uri));
        } else if (found.mark() != null && !changesSize(found)) {
            keep(found, FileBackend.open(Path.of(spec.backend()), spec.size()));
        }
    }

    /** Whether opening the file makes it longer: a new one that is empty, or one that is known and is to grow. */
    private boolean changesSize(Found found) throws IOException {
        long size = Files.size(Path.of(found.spec().backend()));
        OptionalLong wanted = found.spec().size();
        boolean known = roster.known(found.spec()) != null;
        return isFile(found) && wanted.isPresent() && (known ? wanted.getAsLong() > size : size == 0);
    }

    private static boolean isFile(Found found) {
        BackendMark mark = found.mark();
        return mark == null || mark.kind() == BackendMark.Kind.FILE;
    }

    private void create(Found found, Consumer<String> log) throws IOException {
        VolumeSpec spec = found.spec();
        if (backends.containsKey(spec.export())) {
            return;
        }
        Path file = Path.of(spec.backend());
        if (found.mark() == null) {
            FileBackend backend = FileBackend.open(file, spec.size());
            created.add(file);
            keep(found, backend);
            return;
        }
        roster.checkSize(spec, Files.size(file));
        log.accept("makes " + file + " " + spec.size().getAsLong() + " bytes long");
        keep(found, FileBackend.openToGrow(file, spec.size().getAsLong()));
    }

    /** From here on the backend is closed with the others. */
    private void keep(Found found, Backend backend) throws IOException {
        VolumeSpec spec = found.spec();
        backends.put(spec.export(), backend);
        long rest = backend.size() % Extent.BLOCK_BYTES;
        if (rest != 0) {
            long whole = backend.size() - rest + Extent.BLOCK_BYTES;
            throw new StorageSetupException(spec.backend() + " has " + backend.size() + " bytes, no multiple of "
                    + Extent.BLOCK_BYTES + ": "
                    + (isFile(found)
                            ? "make it longer with truncate -s " + whole + " " + spec.backend()
                            : "make it " + whole + " bytes long, or shorter"));
        }
        roster.checkSize(spec, backend.size());
    }

    Iterable<Backend> backends() {
        return backends.values();
    }

    /** The groups that are served, in the order in which they were given. */
    static SequencedSet<String> groups(List<VolumeSpec> specs) {
        SequencedSet<String> groups = new LinkedHashSet<>();
        specs.forEach(spec -> groups.add(spec.group()));
        return groups;
    }

    /** Remembers the volumes, durable on return; returns those of a group by name, in the order of their ids. */
    SequencedMap<String, Volume> remember(String group, List<VolumeSpec> specs, RecordStore store) throws IOException {
        List<Roster.Served> served = new ArrayList<>();
        for (VolumeSpec spec : specs) {
            if (spec.group().equals(group)) {
                // Looked at again: a file that was created is there by now.
                BackendMark mark = Objects.requireNonNull(Found.look(spec).mark(), "mark");
                served.add(new Roster.Served(spec.name(), backend(spec.export()).size(), mark));
            }
        }
        GroupMemory memory = roster.remember(group, served);
        store.rememberVolumes(group, memory.nextVolume(), memory.volumes());
        SequencedMap<String, Volume> volumes = new LinkedHashMap<>();
        for (KnownVolume each : memory.volumes()) {
            volumes.put(each.name(), new Volume(each.id(), each.name(), backend(group + "/" + each.name())));
        }
        return volumes;
    }

    /** Remembers what was forgotten of groups that are not served; durable on return. */
    void rememberForgotten(RecordStore store) throws IOException {
        for (String group : store.groups()) {
            GroupMemory memory = roster.memory(group);
            store.rememberVolumes(group, memory.nextVolume(), memory.volumes());
        }
    }

    private Backend backend(String export) {
        return Objects.requireNonNull(backends.get(export), export);
    }

    /** After a start that came to nothing. */
    void undo() throws IOException {
        close();
        for (Path file : created) {
            Files.deleteIfExists(file);
        }
    }

    @Override
    public void close() throws IOException {
        @Nullable IOException failure = null;
        for (Backend backend : backends.values()) {
            try {
                backend.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
