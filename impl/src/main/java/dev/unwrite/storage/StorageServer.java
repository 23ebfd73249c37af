package dev.unwrite.storage;

import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdServerBuilder;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
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
    private final OpenVolumes volumes;
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
     * @param moved the volumes, as GROUP/NAME, whose backend is another one that holds what the former held
     * @param forgotten the volumes, as GROUP/NAME, that are gone for good
     */
    public record Settings(
            NbdUri listen,
            List<VolumeSpec> volumes,
            Path data,
            StorageObserver observer,
            Consumer<String> log,
            Set<String> moved,
            Set<String> forgotten) {
        /** As it was at the last start. */
        public Settings(
                NbdUri listen, List<VolumeSpec> volumes, Path data, StorageObserver observer, Consumer<String> log) {
            this(listen, volumes, data, observer, log, Set.of(), Set.of());
        }

        /** With no observer and no log. */
        public static Settings of(NbdUri listen, List<VolumeSpec> volumes, Path data) {
            return new Settings(listen, volumes, data, StorageObserver.NONE, line -> {});
        }
    }

    private StorageServer(Settings settings, NbdServerBuilder builder, NbdServer server, RecordStore store)
            throws IOException {
        this.store = store;
        this.log = settings.log();
        this.server = server;
        this.volumes = OpenVolumes.open(settings, store);
        try {
            SequencedSet<String> names = OpenVolumes.groups(settings.volumes());
            store.begin(names);
            volumes.rememberForgotten(store);
            SessionNumbers numbers = new SessionNumbers(store.boot());
            for (String name : names) {
                StorageGroup group = new StorageGroup(
                        name,
                        volumes.remember(name, settings.volumes(), store),
                        store,
                        numbers,
                        settings.observer(),
                        settings.log());
                groups.put(name, group);
                group.volumes().values().forEach(volume -> watch(group, volume));
            }
            builder.exports(new Exports()).option(OwnershipOps.OPTION, new OwnershipOps(store.id(), groups));
        } catch (IOException | RuntimeException e) {
            volumes.close();
            throw e;
        }
    }

    /**
     * Starts: listens, locks the folder, reads what it remembers, opens the backends, counts the boot number up, answers.
     * Ready on return. Throws {@link StorageSetupException} with one line if it cannot run as it is configured; nothing that
     * it created is left then.
     */
    public static StorageServer start(Settings settings) throws IOException {
        checkNames(settings.volumes());
        NbdServerBuilder builder = NbdServer.builder().listen(settings.listen());
        // First, so that a second storage that was started by mistake creates nothing.
        NbdServer server = builder.bind();
        try {
            RecordStore store = RecordStore.read(settings.data());
            try {
                StorageServer started = new StorageServer(settings, builder, server, store);
                server.serve();
                return started;
            } catch (IOException | RuntimeException e) {
                store.undo();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static void checkNames(List<VolumeSpec> specs) throws StorageSetupException {
        Set<String> exports = new HashSet<>();
        for (VolumeSpec spec : specs) {
            if (!exports.add(spec.export())) {
                throw new StorageSetupException("volume " + spec.export() + " is given twice");
            }
        }
        if (exports.isEmpty() || exports.size() > VOLUMES_MAX) {
            throw new StorageSetupException("give 1 to " + VOLUMES_MAX + " volumes, not " + exports.size());
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
            for (Backend backend : volumes.backends()) {
                if (backend.up()) {
                    backend.flush();
                }
            }
        } finally {
            try {
                volumes.close();
            } finally {
                store.close();
            }
        }
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
