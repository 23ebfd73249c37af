package dev.unwrite.node.control;

import dev.unwrite.host.Histogram;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node that says what it is told to say. */
public final class FakeControlApi implements ControlApi {
    /** What the next operations fail with. */
    public volatile @Nullable ControlException refusal;
    /** What the last operation was given. */
    public volatile @Nullable Duration timeout;
    /** Bytes of the last state; -1 if there was none. */
    public volatile long stateBytes = -1;
    /** The checkpoint that was asked for last. */
    public volatile @Nullable CheckpointOrder order;
    /** One of less than half a millisecond, two of up to two, one of more than all bounds. */
    private static final Histogram.Counts PAUSES = new Histogram.Counts(
            List.of(1L, 0L, 2L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L), 7_003_500_000L);

    /** What the status says. */
    public volatile NodeStatus status = protectedPrimary();

    /** A status in which every field has a value of its own. */
    public static NodeStatus protectedPrimary() {
        return new NodeStatus(
                "A",
                "bank",
                NodeStatus.Role.PRIMARY,
                NodeStatus.Mode.PROTECTED,
                3,
                41,
                40,
                new NodeStatus.Undo(17, 69_632, 1 << 30, 0, 0),
                new NodeStatus.Peer("B", "127.0.0.1:7002", true, 12L),
                null,
                "durable",
                5,
                new NodeStatus.Storage("nbd://127.0.0.1:10809", true, 2),
                new NodeStatus.MachineStatus("ledger", "running", "9 accounts", 2),
                List.of(new NodeStatus.VolumeStatus("disk", 1L << 30)),
                new NodeStatus.OwnershipRecord(7, 3, "A", "protected", "B", 0),
                new NodeStatus.Counters(100, 409_600, 50, 60, 40, 1, 5, 2, 3, 8, 6, PAUSES, Histogram.Counts.NONE),
                new NodeStatus.LastCheckpoint(40, 23, 4096, 4, 1250),
                Instant.parse("2026-01-02T03:04:05Z"));
    }

    /** One in which all that may be missing is missing. */
    public static NodeStatus idle() {
        return new NodeStatus(
                "B",
                "bank",
                NodeStatus.Role.IDLE,
                NodeStatus.Mode.NONE,
                0,
                0,
                -1,
                new NodeStatus.Undo(0, 0, 1 << 30, 0, 0),
                new NodeStatus.Peer(null, "127.0.0.1:7001", false, null),
                Instant.parse("2026-01-02T03:04:05Z"),
                "memory",
                0,
                new NodeStatus.Storage("nbd://127.0.0.1:10809", false, 0),
                new NodeStatus.MachineStatus("none", "stopped", "", 0),
                List.of(),
                null,
                NodeStatus.Counters.ZERO,
                null,
                Instant.parse("2026-01-02T03:04:05Z"));
    }

    /** The same, of a node whose peer has told where it takes commands. */
    public static NodeStatus withPeerControl(NodeStatus status, String control) {
        NodeStatus.Peer peer = status.peer();
        return new NodeStatus(
                status.name(),
                status.group(),
                status.role(),
                status.mode(),
                status.term(),
                status.epoch(),
                status.committed(),
                status.undo(),
                new NodeStatus.Peer(peer.name(), peer.address(), peer.connected(), peer.lastHeardMillis(), control),
                status.unprotectedSince(),
                status.ack(),
                status.session(),
                status.storage(),
                status.machine(),
                status.volumes(),
                status.record(),
                status.counters(),
                status.lastCheckpoint(),
                status.since());
    }

    private void begin(Duration allowed) throws ControlException {
        timeout = allowed;
        ControlException refuse = refusal;
        if (refuse != null) {
            throw refuse;
        }
    }

    @Override
    public NodeStatus status() {
        return status;
    }

    @Override
    public CheckpointResult checkpoint(CheckpointOrder asked, Duration allowed) throws ControlException, IOException {
        begin(allowed);
        order = asked;
        InputStream state = asked.state();
        stateBytes = state == null ? -1 : state.transferTo(java.io.OutputStream.nullOutputStream());
        return new CheckpointResult(3, 41, !asked.untilCut(), Math.max(0, stateBytes), 4, 23);
    }

    @Override
    public FailoverResult failover(boolean cold, Duration allowed) throws ControlException {
        begin(allowed);
        return new FailoverResult(cold ? "cold" : "takeover", 4, 40, 17, 69_632, 150, "/data/b/state", false);
    }

    @Override
    public SwitchoverResult switchover(Duration allowed) throws ControlException {
        begin(allowed);
        return new SwitchoverResult("B", 4, 42, 9, 80);
    }

    @Override
    public ProtectResult protect(Duration allowed) throws ControlException {
        begin(allowed);
        return new ProtectResult("A", "B", 3, 43, false, 77);
    }
}
