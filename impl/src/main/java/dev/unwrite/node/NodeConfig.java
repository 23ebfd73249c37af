package dev.unwrite.node;

import dev.unwrite.nbd.NbdUri;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a node was started.
 *
 * @param replace whether this data folder takes the name over from the one that has it, whose host is dead for good
 * @param guest the arguments of QEMU; null for the other machines
 * @param checkpointEvery how often a checkpoint is cut, or null for by command only
 * @param failoverAfter after how long a silence a secondary takes over, or null for by command only
 * @param trace where traces go, or null
 * @param witness where independent images go, or null (a harness compares them)
 * @param undoLimitBytes the most that the undo log may take
 * @param aloneAtUndoLimitAfter after how long a wait of writes at that limit the primary goes on alone, or null for never
 * @param writeCache whether a write without FUA is answered before it is durable
 * @param stateLimitBytes the largest machine state that is taken
 */
public record NodeConfig(
        String name,
        Path data,
        NbdUri storage,
        String group,
        HostPort listen,
        HostPort peer,
        NbdUri serve,
        HostPort control,
        HostPort ledger,
        boolean bootstrap,
        boolean replace,
        MachineKind machine,
        @Nullable Path guest,
        boolean durable,
        @Nullable Duration checkpointEvery,
        @Nullable Duration failoverAfter,
        @Nullable Path trace,
        @Nullable Path witness,
        long undoLimitBytes,
        @Nullable Duration aloneAtUndoLimitAfter,
        boolean writeCache,
        long stateLimitBytes) {
    /** What runs on the volumes. */
    public enum MachineKind {
        /** Whoever connects over NBD. */
        NONE,
        /** The ledger application. */
        LEDGER,
        /** A guest of QEMU. */
        QEMU
    }
}
