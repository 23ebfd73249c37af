package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.volume.FioLoad;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What may load a pair. */
public enum LoadKind {
    /** The ledger runs on the hosts, and clients move money. */
    LEDGER(1),
    /** A program beside the hosts writes the raw volume, and takes the checkpoints by command. */
    VOLUME(1),
    /** fio writes the raw volume pass after pass, and verifies it after each takeover. */
    FIO(8);

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

    /** What a word means; an {@link ExitException} where it means nothing. */
    static LoadKind parse(String word) {
        return Arrays.stream(values())
                .filter(kind -> kind.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new ExitException(
                        Exit.USAGE,
                        "--load: no load is called " + word + "; there are "
                                + Arrays.stream(values()).map(LoadKind::word).collect(Collectors.joining(", "))));
    }
}
