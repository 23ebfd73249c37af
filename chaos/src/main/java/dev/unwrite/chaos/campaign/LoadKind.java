package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.volume.FioLoad;
import java.util.List;
import java.util.Locale;

/** What may load a pair. */
public enum LoadKind {
    /** The ledger runs on the hosts, and clients move money. */
    LEDGER(1),
    /** A program beside the hosts writes the raw volume, and takes the checkpoints by command. */
    VOLUME(1),
    /** fio writes the raw volume pass after pass, and verifies it after each takeover. */
    FIO(8),
    /** A guest of QEMU runs on the hosts; it has a campaign of its own. */
    VM(1);

    private final int slowness;

    LoadKind(int slowness) {
        this.slowness = slowness;
    }

    /** How many times longer than usual it is left alone between two steps, so that it has done something by then. */
    int slowness() {
        return slowness;
    }

    /** The programs of this machine that it needs, besides Java. */
    List<String> programs() {
        return this == FIO ? FioLoad.programs() : List.of();
    }

    /** As on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
