package dev.unwrite.node;

import dev.unwrite.nbd.Export;
import dev.unwrite.nbd.ExportSource;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdRefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The protected volumes as NBD exports, while this node is primary. */
final class ServedVolumes implements ExportSource {
    private final MachineShell room;
    private final To to;
    private final boolean writeCache;

    /** Who connects. */
    enum To {
        /** The machine, while it runs. */
        MACHINE,
        /** Those who look on while a machine runs in this process or under it. */
        SPECTATORS,
        /** A machine that opens its disks before it runs. */
        MACHINE_TO_COME
    }

    /** {@code writeCache}: whether a machine has to flush. */
    ServedVolumes(MachineShell room, To to, boolean writeCache) {
        this.room = room;
        this.to = to;
        this.writeCache = writeCache;
    }

    @Override
    public List<Listing> list(NbdConnection connection) {
        List<Listing> listings = new ArrayList<>();
        room.volumesByName().keySet().forEach(name -> listings.add(new Listing(name, "")));
        return listings;
    }

    @Override
    public Export open(String name, NbdConnection connection) throws NbdRefusedException {
        VolumeShell volume = room.volumesByName().get(name.isEmpty() ? first() : name);
        if (volume == null) {
            throw NbdRefusedException.unknown(
                    room.isRunning()
                            ? "there is no volume \"" + name + "\" here"
                            : "this node is not primary, connect to the other one");
        }
        if (!room.isRunning() && to != To.MACHINE_TO_COME) {
            throw NbdRefusedException.shutdown("this node is not primary, connect to the other one");
        }
        return Export.of(to == To.SPECTATORS ? volume.readOnlyView() : volume)
                .withMultiConn(true)
                .withWriteCache(writeCache);
    }

    private String first() {
        Map<String, VolumeShell> volumes = room.volumesByName();
        return volumes.isEmpty() ? "" : volumes.keySet().iterator().next();
    }
}
