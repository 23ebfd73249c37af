package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.stage.Place;
import java.util.ArrayList;
import java.util.List;

/** Every kind of fault. */
public final class Faults {
    private Faults() {}

    /** All of them, whatever a stage can do. */
    public static List<Fault> all() {
        List<Fault> all = new ArrayList<>(ProcessFaults.all());
        all.addAll(NetworkFaults.all());
        all.addAll(DiskFaults.all());
        return List.copyOf(all);
    }

    /** Empties a host that refuses to start over a corrupt log, as its operator would; the other one runs the machine. */
    public static boolean wipe(Place place) {
        return DiskFaults.wipe(place);
    }
}
