package dev.unwrite.node;

import dev.unwrite.node.control.ControlApi;
import dev.unwrite.node.control.ControlException;
import dev.unwrite.node.control.NodeStatus;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a person or a program may ask of a node. */
final class NodeControl implements ControlApi {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final Duration LEAVE_MAX = Duration.ofSeconds(10);
    private static final Duration LEAVE_SECONDARY_MAX = Duration.ofSeconds(3);
    private static final Duration CALL_OFF_MAX = Duration.ofSeconds(5);

    private final NodeConfig config;
    private final Driver driver;
    private final Instant since = Instant.now();

    NodeControl(NodeConfig config, Driver driver) {
        this.config = config;
        this.driver = driver;
    }

    @Override
    public CheckpointResult checkpoint(@Nullable InputStream state, Duration timeout)
            throws ControlException, IOException, InterruptedException {
        long start = System.nanoTime();
        HostState s = driver.engine().state();
        if (s.role() != Role.PRIMARY) {
            throw refused("this node is not primary; ask the other one");
        }
        Path handedOver = state == null ? null : driver.room.handOver(state);
        if (state != null && handedOver == null) {
            throw new ControlException(
                    ControlException.Kind.INVALID, "a state can be handed over only with --machine none");
        }
        try {
            return checkpoint(s, handedOver, start, timeout);
        } finally {
            if (handedOver != null) {
                Files.deleteIfExists(handedOver);
            }
        }
    }

    private CheckpointResult checkpoint(HostState s, @Nullable Path handedOver, long start, Duration timeout)
            throws ControlException, IOException, InterruptedException {
        if (s.mode() != Mode.PROTECTED) {
            throw refused("the machine is not protected, so there is nobody to commit a checkpoint; see \"protect\"");
        }
        long epoch = driver.cutter().cut(false, handedOver);
        while (epoch < 0
                && driver.engine().state().mode() == Mode.PROTECTED
                && left(start, timeout).isPositive()) {
            // Enough checkpoints are on their way: one has to arrive first.
            driver.engine().await(now -> now.cuts().isEmpty(), left(start, timeout));
            epoch = driver.cutter().cut(false, handedOver);
        }
        if (epoch < 0) {
            throw refused("no checkpoint can be cut now; see \"status\"");
        }
        if (!driver.cutter().awaitCommit(s.term(), epoch, left(start, timeout))) {
            throw new ControlException(
                    ControlException.Kind.TIMEOUT, "the checkpoint was cut but is not committed; see \"status\"");
        }
        Cutter.Taken taken = driver.cutter().taken(epoch);
        if (taken == null) {
            throw new ControlException(
                    ControlException.Kind.UNAVAILABLE,
                    "checkpoint " + epoch + " was committed, and this node is not protected any more; see \"status\"");
        }
        return new CheckpointResult(s.term(), epoch, taken.stateBytes(), taken.pauseMillis(), millisSince(start));
    }

    @Override
    public FailoverResult failover(boolean cold, Duration timeout)
            throws ControlException, IOException, InterruptedException {
        long start = System.nanoTime();
        Driver.Outcome outcome;
        try {
            outcome = driver.failover(cold).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new ControlException(ControlException.Kind.TIMEOUT, notDoneYet(), e);
        } catch (ExecutionException e) {
            throw new ControlException(ControlException.Kind.UNAVAILABLE, String.valueOf(e.getCause()), e);
        }
        HostState s = driver.engine().state();
        String why = outcome.why();
        if (why != null || s.role() != Role.PRIMARY) {
            throw refused(
                    "no failover: " + (why == null ? "this node is " + s.role().spelling() : why));
        }
        boolean rolledBack = outcome.done() == Driver.Done.TAKEOVER || outcome.done() == Driver.Done.ROLLBACK;
        long blocks = rolledBack ? driver.recovery.lastRestored() : 0;
        Path stateFile = rolledBack ? driver.room.resumedState() : null;
        return new FailoverResult(
                outcome.done().name().toLowerCase(Locale.ROOT),
                s.term(),
                s.epoch(),
                blocks,
                blocks * Extent.BLOCK_BYTES,
                millisSince(start),
                stateFile == null ? null : stateFile.toString(),
                rolledBack && config.machine() == NodeConfig.MachineKind.NONE && stateFile == null);
    }

    /** What was done cannot be taken back, and is said. */
    private String notDoneYet() {
        HostState s = driver.engine().state();
        return switch (s.role()) {
            case RESTORING ->
                "took over in term " + s.term()
                        + ", so the former primary can write no more; the rollback is not done yet and" + " goes on: "
                        + driver.note() + "; see \"status\"";
            case COLD -> "owns the storage in term " + s.term() + " and is still starting; see \"status\"";
            case PRIMARY -> "is primary in term " + s.term() + " by now; see \"status\"";
            default -> "not done in time, and it may still come about; see \"status\"";
        };
    }

    @Override
    public SwitchoverResult switchover(Duration timeout) throws ControlException, IOException, InterruptedException {
        long start = System.nanoTime();
        HostState s = driver.engine().state();
        if (s.role() != Role.PRIMARY || s.mode() != Mode.PROTECTED) {
            throw refused("only a protected primary hands over; see \"status\"");
        }
        long paused = System.nanoTime();
        long epoch = driver.cutter().cut(true, null);
        if (epoch < 0) {
            throw refused("no checkpoint can be cut now; try again");
        }
        boolean handedOver = false;
        try {
            if (!driver.cutter().awaitCommit(s.term(), epoch, left(start, timeout))) {
                throw new ControlException(
                        ControlException.Kind.TIMEOUT,
                        "the last checkpoint was not committed in time; nothing changed");
            }
            driver.handOver(s.term(), epoch, left(start, timeout));
            handedOver = awaitHandOver(start, timeout);
            if (!handedOver) {
                handedOver = notInTime();
            }
        } finally {
            driver.cutter().handOverEnded();
            if (!handedOver) {
                driver.room.unpause();
            }
        }
        // It serves the volumes only when it has put everything in place.
        while (!driver.peerIsPrimary() && left(start, timeout).isPositive()) {
            driver.engine().await(never -> false, LOOK_AGAIN);
        }
        OwnershipRecord now = driver.engine().state().record();
        return new SwitchoverResult(now.owner(), now.term(), epoch, millisSince(paused), millisSince(start));
    }

    private boolean awaitHandOver(long start, Duration timeout) throws ControlException, InterruptedException {
        while (left(start, timeout).isPositive()) {
            if (driver.engine().await(now -> now.role() == Role.IDLE, LOOK_AGAIN)) {
                return true;
            }
            String why = driver.handOverRefused();
            if (why != null) {
                throw refused("the other host does not take over: " + why + "; goes on here");
            }
        }
        return false;
    }

    /** What the other host has not begun it must not begin any more: true if it had. */
    private boolean notInTime() throws ControlException, InterruptedException {
        if (driver.callOff(CALL_OFF_MAX)) {
            throw new ControlException(
                    ControlException.Kind.TIMEOUT,
                    "the other host did not take over in time; goes on here, alone, and takes it in again when it can");
        }
        if (driver.engine().state().role() == Role.PRIMARY) {
            throw new ControlException(
                    ControlException.Kind.TIMEOUT,
                    "the other host did not take over in time, and the storage does not answer: it may still do so; see"
                            + " \"status\"");
        }
        return true;
    }

    /** Leaves the pair in good order, as far as that can be done in a bounded time. */
    void leave(Consumer<String> log) {
        HostState s = driver.engine().state();
        try {
            if (s.role() == Role.PRIMARY && s.mode() == Mode.PROTECTED) {
                try {
                    SwitchoverResult done = switchover(LEAVE_MAX);
                    log.accept("is stopped: " + done.newPrimary() + " is primary now, term " + done.term());
                    return;
                } catch (ControlException e) {
                    log.accept("is stopped, and could not hand over: " + e.getMessage());
                }
            }
            if (driver.engine().state().role() == Role.PRIMARY) {
                flushed(log);
            } else if (s.role() == Role.SECONDARY) {
                driver.sayLeaving();
                long start = System.nanoTime();
                // As long as there is somebody to be told: both hosts, and the storage, may be stopped at once.
                while (driver.knownRecord().mode() == OwnershipRecord.Mode.PROTECTED
                        && isConnected()
                        && left(start, LEAVE_SECONDARY_MAX).isPositive()) {
                    driver.lookAtRecord();
                    driver.engine().await(never -> false, LOOK_AGAIN);
                }
                log.accept("is stopped: the primary was told");
            }
        } catch (IOException e) {
            log.accept("is stopped, and not in good order: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Apart, since a storage that does not answer must not hold the end up. */
    private void flushed(Consumer<String> log) throws InterruptedException {
        CompletableFuture<Void> flush = new CompletableFuture<>();
        Thread.ofVirtual().name("flush").start(() -> {
            try {
                driver.path.flush();
                flush.complete(null);
            } catch (IOException | RuntimeException e) {
                flush.completeExceptionally(e);
            }
        });
        try {
            flush.get(LEAVE_MAX.toMillis(), TimeUnit.MILLISECONDS);
            log.accept("is stopped: all that was written is flushed");
        } catch (ExecutionException | TimeoutException e) {
            log.accept("is stopped, and what was written since the last flush may be lost: "
                    + (e.getCause() == null
                            ? "the storage does not answer"
                            : e.getCause().getMessage()));
        }
    }

    @Override
    public ProtectResult protect(Duration timeout) throws ControlException, IOException, InterruptedException {
        long start = System.nanoTime();
        boolean already = isProtected(driver.engine().state());
        while (!isProtected(driver.engine().state())) {
            Duration left = left(start, timeout);
            if (!left.isPositive()) {
                throw new ControlException(
                        ControlException.Kind.TIMEOUT, "not protected in time; is the other node running?");
            }
            driver.lookAtRecord();
            driver.engine().await(this::isProtected, left.compareTo(LOOK_AGAIN) < 0 ? left : LOOK_AGAIN);
        }
        OwnershipRecord now = driver.knownRecord();
        return new ProtectResult(now.owner(), now.secondary(), now.term(), now.base(), already, millisSince(start));
    }

    private boolean isProtected(HostState s) {
        OwnershipRecord known = driver.knownRecord();
        return switch (s.role()) {
            case PRIMARY -> s.mode() == Mode.PROTECTED && known.mode() == OwnershipRecord.Mode.PROTECTED;
            case SECONDARY -> known.mode() == OwnershipRecord.Mode.PROTECTED && known.term() == s.term();
            default -> false;
        };
    }

    private static ControlException refused(String why) {
        return new ControlException(ControlException.Kind.REFUSED, why);
    }

    private static Duration left(long start, Duration timeout) {
        return timeout.minusNanos(System.nanoTime() - start);
    }

    private static long millisSince(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    @Override
    public NodeStatus status() {
        HostState s = driver.engine().state();
        OwnershipRecord known = driver.knownRecord();
        boolean connected = isConnected();
        long heard = driver.lastHeardNanos();
        OwnerSession session = driver.sessions.current();
        Cutter.Taken last = driver.cutter().last();
        return new NodeStatus(
                config.name(),
                config.group(),
                serving(role(s.role())),
                mode(s, known),
                Math.max(s.term(), known.term()),
                s.role() == Role.PRIMARY ? s.epoch() : committed(s),
                committed(s),
                undo(s),
                new NodeStatus.Peer(
                        Node.orNull(s.peer()),
                        config.peer().toString(),
                        connected,
                        heard == 0 ? null : millisSince(heard),
                        Node.orNull(driver.peerIds().control())),
                mode(s, known) == NodeStatus.Mode.PROTECTED ? null : driver.unprotectedSince(),
                config.durable() ? "durable" : "memory",
                s.session(),
                new NodeStatus.Storage(
                        config.storage().toString(),
                        driver.storageAnswers(),
                        session == null ? 0 : session.session().boot()),
                new NodeStatus.MachineStatus(
                        config.machine().name().toLowerCase(java.util.Locale.ROOT),
                        driver.room.failure() != null ? "failed" : driver.room.isRunning() ? "running" : "stopped",
                        driver.note()),
                volumes(),
                new NodeStatus.OwnershipRecord(
                        known.version(),
                        known.term(),
                        known.owner(),
                        known.mode().wire(),
                        known.secondary(),
                        known.base()),
                counters(),
                last == null
                        ? null
                        : new NodeStatus.LastCheckpoint(
                                last.epoch(), last.durationMillis(), last.stateBytes(), last.pauseMillis()),
                since);
    }

    private boolean isConnected() {
        PeerLink link = driver.link();
        return link != null && link.connection() != PeerLink.NOT_CONNECTED;
    }

    /** Of a primary: what the other host's log takes for it, as it said last. */
    private NodeStatus.Undo undo(HostState s) {
        UndoBudget.Picture room = driver.undoRoom();
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
        return new NodeStatus.Undo(blocks, driver.undo().usedBytes(), room.limitBytes(), 0, 0);
    }

    private List<NodeStatus.VolumeStatus> volumes() {
        List<NodeStatus.VolumeStatus> volumes = new ArrayList<>();
        driver.room.volumesByName().forEach((name, v) -> volumes.add(new NodeStatus.VolumeStatus(name, v.size())));
        return volumes;
    }

    private NodeStatus.Counters counters() {
        return new NodeStatus.Counters(
                driver.path.writes(),
                driver.path.writtenBytes(),
                driver.preserveRequests(),
                driver.preservedBlocks(),
                driver.cutter().checkpoints(),
                driver.recovery.rollbacks(),
                driver.recovery.restoredBlocks(),
                driver.failovers(),
                driver.joins(),
                driver.outputs.heldTotal(),
                driver.outputs.releasedTotal());
    }

    private static long committed(HostState s) {
        dev.unwrite.protocol.Checkpoint held = s.checkpoint();
        return s.role() == Role.PRIMARY ? s.safe() : held == null ? -1 : held.epoch();
    }

    /** A primary that does not let clients in yet is not one to them. */
    private NodeStatus.Role serving(NodeStatus.Role role) {
        boolean starting = !driver.room.isRunning() && driver.room.failure() == null;
        return role == NodeStatus.Role.PRIMARY && starting ? NodeStatus.Role.RESTORING : role;
    }

    private static NodeStatus.Role role(Role role) {
        return switch (role) {
            case PRIMARY -> NodeStatus.Role.PRIMARY;
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
