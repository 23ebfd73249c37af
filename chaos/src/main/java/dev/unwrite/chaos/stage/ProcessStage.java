package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Plain processes: in network namespaces where this process may make them, else all on loopback. */
public final class ProcessStage implements Stage {
    private final Path dir;
    private final Path script;
    private final @Nullable Namespaces namespaces;
    private final boolean disks;
    private final long diskBytes;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final List<Path> first;
    private int plainHosts;

    private ProcessStage(Path dir, @Nullable Namespaces namespaces, boolean disks, long diskBytes, List<Path> first) {
        this.first = first;
        this.dir = dir;
        this.namespaces = namespaces;
        this.disks = disks;
        this.diskBytes = diskBytes;
        this.script = Launch.script(dir);
    }

    /** Sets it up, with as much as this machine allows. {@code first} are folders of classes that go before all others. */
    public static ProcessStage open(Path dir, long diskBytes, List<Path> first) {
        folders(dir);
        Namespaces namespaces = Namespaces.possible() ? Namespaces.open() : null;
        return new ProcessStage(dir, namespaces, LoopDisk.possible(), diskBytes, first);
    }

    static void folders(Path dir) {
        try {
            for (String folder : List.of("data", "log", "clock", "trace", "witness", "disk")) {
                Files.createDirectories(dir.resolve(folder));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String kind() {
        return namespaces == null ? "plain processes" : "processes in network namespaces";
    }

    @Override
    public Set<Ability> abilities() {
        Set<Ability> abilities = EnumSet.noneOf(Ability.class);
        if (namespaces != null) {
            abilities.add(Ability.NETWORK);
        }
        if (disks) {
            abilities.add(Ability.DISK);
        }
        return abilities;
    }

    @Override
    public synchronized Place place(String name) {
        return places.computeIfAbsent(name, this::make);
    }

    private Place make(String name) {
        Namespaces own = namespaces;
        Namespaces.Home home = own == null ? null : own.add(name);
        // Loopback has many addresses, so that plain processes have one each, too.
        String address = home == null ? "127.0.77." + (2 + plainHosts++) : home.address();
        Path data = dir.resolve("data").resolve(name);
        try {
            Files.createDirectories(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        LoopDisk disk =
                disks && !name.equals("clients") ? LoopDisk.make(dir.resolve("disk"), name, data, diskBytes) : null;
        return new ProcessPlace(name, address, dir, home == null ? null : home.namespace(), disk, script, first);
    }

    @Override
    public String harness() {
        Namespaces own = namespaces;
        return own == null ? "127.0.77.1" : own.harness();
    }

    @Override
    public Path dir() {
        return dir;
    }

    @Override
    public synchronized void close() {
        places.values().forEach(place -> place.disk().ifPresent(LoopDisk::thaw));
        for (Place place : places.values()) {
            try {
                place.kill();
            } catch (StageException e) {
                // Its disk is taken away next, which lets it die.
            }
        }
        places.values().forEach(place -> place.disk().ifPresent(LoopDisk::close));
        Namespaces own = namespaces;
        if (own != null) {
            own.close();
        }
    }
}
