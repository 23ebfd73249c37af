package dev.unwrite.node;

import dev.unwrite.host.Answers;
import dev.unwrite.host.HostSnapshot;
import dev.unwrite.node.control.NodeStatus;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Says how a host is in the words of {@code status}. */
final class StatusReport {
    private static final long NEVER = Long.MIN_VALUE;

    private final NodeConfig config;
    private final Instant since = Instant.now();

    StatusReport(NodeConfig config) {
        this.config = config;
    }

    /** {@code usedBytes}: what this host's own undo log takes; {@code nowNanos}: when the picture was taken. */
    NodeStatus of(HostSnapshot p, long usedBytes, long nowNanos) {
        HostState s = p.state();
        NodeStatus.Mode mode = mode(s, p.record());
        return new NodeStatus(
                config.name(),
                config.group(),
                role(p),
                mode,
                Math.max(s.term(), p.record().term()),
                s.role() == Role.PRIMARY ? s.epoch() : committed(s),
                committed(s),
                undo(p, usedBytes),
                new NodeStatus.Peer(
                        Node.orNull(s.peer()),
                        config.peer().toString(),
                        p.peerConnected(),
                        p.heardNanos() == NEVER ? null : (nowNanos - p.heardNanos()) / 1_000_000,
                        Node.orNull(p.peerIds().control())),
                mode == NodeStatus.Mode.PROTECTED || p.unprotectedSinceNanos() == NEVER
                        ? null
                        : Instant.now().minusNanos(nowNanos - p.unprotectedSinceNanos()),
                config.durable() ? "durable" : "memory",
                s.session(),
                new NodeStatus.Storage(config.storage().toString(), p.storageAnswers(), p.boot()),
                new NodeStatus.MachineStatus(
                        config.machine().name().toLowerCase(Locale.ROOT),
                        p.failure() != null ? "failed" : p.running() ? "running" : "stopped",
                        p.note(),
                        p.waitingOutputs()),
                volumes(p),
                new NodeStatus.OwnershipRecord(
                        p.record().version(),
                        p.record().term(),
                        p.record().owner(),
                        p.record().mode().wire(),
                        p.record().secondary(),
                        p.record().base()),
                counters(p.counters()),
                last(p.last(), nowNanos),
                since);
    }

    /** Of a primary: what the other host's log takes for it, as it said last. */
    private static NodeStatus.Undo undo(HostSnapshot p, long usedBytes) {
        HostState s = p.state();
        HostSnapshot.Room room = p.undo();
        if (s.role() == Role.PRIMARY) {
            boolean counts = s.mode() != Mode.SOLO;
            return new NodeStatus.Undo(
                    counts ? s.kept().size() : 0,
                    counts ? room.bytes() : 0,
                    room.limitBytes(),
                    room.waitingWrites(),
                    room.waitingNanos() / 1_000_000);
        }
        long blocks = s.copies().values().stream().mapToLong(b -> b.size()).sum();
        return new NodeStatus.Undo(blocks, usedBytes, room.limitBytes(), 0, 0);
    }

    private static List<NodeStatus.VolumeStatus> volumes(HostSnapshot p) {
        return p.volumes().stream()
                .map(volume -> new NodeStatus.VolumeStatus(volume.name(), volume.sizeBytes()))
                .toList();
    }

    private static NodeStatus.Counters counters(HostSnapshot.Counters c) {
        return new NodeStatus.Counters(
                c.writes(),
                c.writtenBytes(),
                c.preserveRequests(),
                c.preservedBlocks(),
                c.checkpoints(),
                c.rollbacks(),
                c.restoredBlocks(),
                c.failovers(),
                c.joins(),
                c.heldOutputs(),
                c.releasedOutputs(),
                c.pauses(),
                c.durations());
    }

    private static NodeStatus.@Nullable LastCheckpoint last(Answers.@Nullable Committed last, long nowNanos) {
        return last == null
                ? null
                : new NodeStatus.LastCheckpoint(
                        last.epoch(),
                        last.tookNanos() / 1_000_000,
                        last.stateBytes(),
                        last.pauseNanos() / 1_000_000,
                        (nowNanos - last.committedNanos()) / 1_000_000);
    }

    private static long committed(HostState s) {
        Checkpoint held = s.checkpoint();
        return s.role() == Role.PRIMARY ? s.safe() : held == null ? -1 : held.epoch();
    }

    /** A primary that does not let clients in yet is not one to them. */
    private static NodeStatus.Role role(HostSnapshot p) {
        return switch (p.state().role()) {
            case PRIMARY -> p.running() || p.failure() != null ? NodeStatus.Role.PRIMARY : NodeStatus.Role.RESTORING;
            case SECONDARY -> NodeStatus.Role.SECONDARY;
            case RESTORING -> NodeStatus.Role.RESTORING;
            case IDLE, COLD -> NodeStatus.Role.IDLE;
        };
    }

    private static NodeStatus.Mode mode(HostState s, OwnershipRecord known) {
        if (s.role() == Role.PRIMARY) {
            return switch (s.mode()) {
                case SOLO -> NodeStatus.Mode.SOLO;
                case JOINING -> NodeStatus.Mode.JOINING;
                case PROTECTED -> NodeStatus.Mode.PROTECTED;
            };
        }
        return switch (known.mode()) {
            case PROTECTED -> NodeStatus.Mode.PROTECTED;
            case SOLO -> s.role() == Role.SECONDARY ? NodeStatus.Mode.JOINING : NodeStatus.Mode.SOLO;
            case ROLLBACK, NONE -> NodeStatus.Mode.NONE;
        };
    }
}
