package dev.unwrite.storage;

import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The shared storage: volumes of one or more groups over NBD, and the ownership record of each group. Any NBD client may
 * read; only the session of a group's owner in the record's term may write (rules OneConnection, FenceBeforeRollback).
 */
public final class StorageServer implements Closeable {
    /** The most volumes of one storage. */
    public static final int VOLUMES_MAX = 1024;

    private static final long RECONNECT_MILLIS = 200;

    private final RecordStore store;
    private final SequencedMap<String, StorageGroup> groups = new LinkedHashMap<>();
    private final List<Backend> backends = new ArrayList<>();
    private final Consumer<String> log;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final NbdServer server;

    /**
     * What a storage serves.
     *
     * @param listen where; port 0 is any that is free
     * @param volumes what; at least one
     * @param data the folder of the records
     * @param observer sees what takes effect
     * @param log takes a line for each event worth one
     */
    public record Settings(
            NbdUri listen, List<VolumeSpec> volumes, Path data, StorageObserver observer, Consumer<String> log) {
        /** With no observer and no log. */
        public static Settings of(NbdUri listen, List<VolumeSpec> volumes, Path data) {
            return new Settings(listen, volumes, data, StorageObserver.NONE, line -> {});
        }
    }

    private StorageServer(Settings settings, RecordStore store) throws IOException {
        this.store = store;
        this.log = settings.log();
        try {
            SessionNumbers numbers = new SessionNumbers(store.boot());
            volumesByGroup(settings.volumes()).forEach((name, volumes) -> {
                StorageGroup group =
                        new StorageGroup(name, volumes, store, numbers, settings.observer(), settings.log());
                groups.put(name, group);
                volumes.values().forEach(volume -> watch(group, volume));
            });
            server = NbdServer.builder()
                    .listen(settings.listen())
                    .exports(new Exports())
                    .option(OwnershipOps.OPTION, new OwnershipOps(groups))
                    .start();
        } catch (IOException | RuntimeException e) {
            closeBackends();
            throw e;
        }
    }

    /**
     * Starts: locks the folder, reads the records, counts the boot number up, opens the backends, listens. Ready on
     * return. Throws {@link StorageSetupException} with one line if it cannot run as it is configured.
     */
    public static StorageServer start(Settings settings) throws IOException {
        Set<String> groups = new LinkedHashSet<>();
        Set<String> exports = new LinkedHashSet<>();
        for (VolumeSpec spec : settings.volumes()) {
            groups.add(spec.group());
            if (!exports.add(spec.export())) {
                throw new StorageSetupException("volume " + spec.export() + " is given twice");
            }
        }
        if (exports.isEmpty() || exports.size() > VOLUMES_MAX) {
            throw new StorageSetupException("give 1 to " + VOLUMES_MAX + " volumes, not " + exports.size());
        }
        RecordStore store = RecordStore.open(settings.data(), groups);
        try {
            return new StorageServer(settings, store);
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** Where it listens. */
    public NbdUri uri() {
        return server.uri();
    }

    /** Where one volume is served. */
    public NbdUri uri(String group, String volume) {
        return server.uri(group + "/" + volume);
    }

    /** The boot number; it grows with each start, and when a backend may have lost what it had not flushed. */
    public long boot() {
        return store.boot();
    }

    /** Stops serving, then flushes; on return all that was written is durable, or an exception says what is not. */
    @Override
    public void close() throws IOException {
        closing.countDown();
        server.close();
        try {
            for (Backend backend : backends) {
                if (backend.up()) {
                    backend.flush();
                }
            }
        } finally {
            closeBackends();
            store.close();
        }
    }

    private SequencedMap<String, SequencedMap<String, Volume>> volumesByGroup(List<VolumeSpec> specs)
            throws IOException {
        SequencedMap<String, SequencedMap<String, Volume>> byGroup = new LinkedHashMap<>();
        for (VolumeSpec spec : specs) {
            Backend backend = spec.open();
            backends.add(backend);
            byGroup.computeIfAbsent(spec.group(), group -> new LinkedHashMap<>())
                    .put(spec.name(), new Volume(spec.name(), backend));
        }
        return byGroup;
    }

    private void watch(StorageGroup group, Volume volume) {
        if (volume.backend() instanceof RemoteBackend remote) {
            remote.onLost(() -> Thread.ofVirtual()
                    .name("recover-" + group.name() + "-" + volume.name())
                    .start(() -> recover(group, volume, remote)));
        }
    }

    /** All sessions end before the backend is used again: what it had not flushed may be gone. */
    private void recover(StorageGroup group, Volume volume, RemoteBackend remote) {
        String what = "group " + group.name() + ": the backend of volume " + volume.name();
        log.accept(what + " is lost");
        RateLimitedLog failures = new RateLimitedLog(log);
        boolean ended = false;
        long waitMillis = 0;
        try {
            while (!closing.await(waitMillis, TimeUnit.MILLISECONDS)) {
                waitMillis = RECONNECT_MILLIS;
                try {
                    if (!ended) {
                        group.loseCache();
                        ended = true;
                    }
                    remote.reconnect();
                    log.accept(what + " is back");
                    return;
                } catch (IOException e) {
                    failures.log(what + " is still away: " + e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeBackends() throws IOException {
        for (Backend backend : backends) {
            backend.close();
        }
    }

    private final class Exports implements ExportSource {
        @Override
        public Export open(String name, NbdConnection connection) throws IOException {
            int slash = name.indexOf('/');
            StorageGroup group = slash < 0 ? null : groups.get(name.substring(0, slash));
            Volume volume = group == null ? null : group.volumes().get(name.substring(slash + 1));
            if (group == null || volume == null) {
                throw NbdRefusedException.unknown("no volume of that name; they are named GROUP/NAME");
            }
            Binding binding = Binding.stranger(group.name());
            if (connection.attachment() instanceof Binding bound) {
                if (!bound.group().equals(group.name())) {
                    throw NbdRefusedException.policy("this connection is attached to group " + bound.group());
                }
                binding = bound;
            }
            Backend backend = volume.backend();
            int minimum = backend.minimumBlock();
            return Export.of(new GuardedDevice(group, volume, binding))
                    .withDescription("volume " + volume.name() + " of group " + group.name())
                    .withBlockSizes(minimum, Math.max(4096, minimum), backend.maximumPayload())
                    .withMultiConn(true);
        }

        @Override
        public List<Listing> list(NbdConnection connection) {
            List<Listing> listings = new ArrayList<>();
            for (Map.Entry<String, StorageGroup> entry : groups.entrySet()) {
                for (Volume volume : entry.getValue().volumes().values()) {
                    listings.add(new Listing(
                            entry.getKey() + "/" + volume.name(),
                            "volume " + volume.name() + " of group " + entry.getKey()));
                }
            }
            return listings;
        }
    }
}
