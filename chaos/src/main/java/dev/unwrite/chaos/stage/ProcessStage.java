package dev.unwrite.chaos.stage;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Plain processes: in network namespaces where this process may make them, else all on loopback. */
public final class ProcessStage implements Stage {
    private final StageFolder folder;
    private final @Nullable Namespaces namespaces;
    private final List<Path> first;
    private final Map<String, Place> places = new LinkedHashMap<>();

    private ProcessStage(StageFolder folder, @Nullable Namespaces namespaces, List<Path> first) {
        this.folder = folder;
        this.namespaces = namespaces;
        this.first = first;
    }

    /** Sets it up, with as much as this machine allows. {@code first} are folders of classes that go before all others. */
    public static ProcessStage open(Path dir, long diskBytes, List<Path> first) {
        StageFolder folder = StageFolder.make(dir, diskBytes);
        return new ProcessStage(folder, Namespaces.possible() ? Namespaces.open() : null, first);
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
        if (folder.hasDisks()) {
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
        if (own == null) {
            // Loopback has many addresses, so that plain processes have one each, too.
            return new ProcessPlace(folder, name, "127.0.77." + (2 + places.size()), null, first);
        }
        Namespaces.Home home = own.add(name);
        return new ProcessPlace(folder, name, home.address(), home.namespace(), first);
    }

    @Override
    public String harness() {
        Namespaces own = namespaces;
        return own == null ? "127.0.77.1" : own.harness();
    }

    @Override
    public Path dir() {
        return folder.dir();
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
