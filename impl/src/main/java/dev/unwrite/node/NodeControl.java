package dev.unwrite.node;

import dev.unwrite.host.Answers;
import dev.unwrite.host.Host;
import dev.unwrite.host.HostSnapshot;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.node.control.ControlApi;
import dev.unwrite.node.control.ControlException;
import dev.unwrite.node.control.NodeStatus;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What a person or a program may ask of a node: passes it on to the host, and waits for the answer. */
final class NodeControl implements ControlApi {
    /** The host keeps the time; it answers a little later. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    private final Loop loop;
    private final MachineShell room;
    private final StatusReport report;
    private final boolean stateful;
    private final LongSupplier usedBytes;

    NodeControl(NodeConfig config, Loop loop, MachineShell room, LongSupplier usedBytes) {
        this.loop = loop;
        this.room = room;
        this.usedBytes = usedBytes;
        report = new StatusReport(config);
        stateful = config.machine() == NodeConfig.MachineKind.NONE;
    }

    @Override
    public CheckpointResult checkpoint(CheckpointOrder order, Duration timeout)
            throws ControlException, IOException, InterruptedException {
        long start = System.nanoTime();
        InputStream state = order.state();
        if (state != null && !stateful) {
            throw new ControlException(
                    ControlException.Kind.INVALID, "a state can be handed over only with --machine none");
        }
        // Where no machine runs there is nobody to take it, and the host says so.
        NoMachine.HandedOver handedOver = state == null ? null : handOver(state, order.base());
        try {
            Duration left = timeout.minusNanos(System.nanoTime() - start);
            if (order.untilCut()) {
                Answers.Cut cut = this.<Answers.Cut>ask(left, (host, reply) -> host.cut(handedOver, left, reply));
                return new CheckpointResult(cut.term(), cut.epoch(), false, 0, 0, millisSince(start));
            }
            Answers.Committed done =
                    this.<Answers.Committed>ask(left, (host, reply) -> host.checkpoint(handedOver, left, reply));
            return new CheckpointResult(
                    done.term(),
                    done.epoch(),
                    true,
                    done.stateBytes(),
                    done.pauseNanos() / 1_000_000,
                    millisSince(start));
        } finally {
            if (handedOver != null) {
                Files.deleteIfExists(handedOver.file());
            }
        }
    }

    private NoMachine.@Nullable HandedOver handOver(InputStream state, long base) throws ControlException, IOException {
        try {
            return room.handOver(state, base);
        } catch (NoMachine.NotPiecesException e) {
            throw new ControlException(ControlException.Kind.INVALID, String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public FailoverResult failover(boolean cold, Duration timeout) throws ControlException, InterruptedException {
        long start = System.nanoTime();
        Answers.FailedOver done =
                this.<Answers.FailedOver>ask(timeout, (host, reply) -> host.failover(cold, timeout, reply));
        boolean rolledBack = done.kind() == Answers.Kind.TAKEOVER || done.kind() == Answers.Kind.ROLLBACK;
        Path stateFile = rolledBack ? room.resumedState() : null;
        return new FailoverResult(
                done.kind().name().toLowerCase(Locale.ROOT),
                done.term(),
                done.epoch(),
                done.blocks(),
                done.blocks() * Extent.BLOCK_BYTES,
                millisSince(start),
                stateFile == null ? null : stateFile.toString(),
                rolledBack && stateful && stateFile == null);
    }

    @Override
    public SwitchoverResult switchover(Duration timeout) throws ControlException, InterruptedException {
        long start = System.nanoTime();
        Answers.HandedOver done =
                this.<Answers.HandedOver>ask(timeout, (host, reply) -> host.switchover(timeout, reply));
        return new SwitchoverResult(
                done.newPrimary(), done.term(), done.epoch(), done.pauseNanos() / 1_000_000, millisSince(start));
    }

    @Override
    public ProtectResult protect(Duration timeout) throws ControlException, InterruptedException {
        long start = System.nanoTime();
        Answers.Protected done = this.<Answers.Protected>ask(timeout, (host, reply) -> host.protect(timeout, reply));
        return new ProtectResult(
                done.primary(), done.secondary(), done.term(), done.epoch(), done.already(), millisSince(start));
    }

    @Override
    public NodeStatus status() {
        CompletableFuture<NodeStatus> status = loop.call(() -> {
            HostSnapshot picture = loop.host().picture();
            return report.of(picture, usedBytes.getAsLong(), System.nanoTime());
        });
        try {
            return status.get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("this node does not answer: " + e, e);
        }
    }

    /** Leaves the pair in good order, as far as that can be done in a bounded time; what was done, in one line. */
    String leave(Duration limit) throws InterruptedException {
        try {
            return this.<String>ask(limit, Host::leave);
        } catch (ControlException e) {
            return "is stopped, and not in good order: " + e.getMessage();
        }
    }

    private <T> T ask(Duration limit, BiConsumer<Host, Reply<T>> question)
            throws ControlException, InterruptedException {
        Awaited<T> reply = new Awaited<>();
        loop.post(() -> question.accept(loop.host(), reply));
        if (!reply.await(limit.plus(ANSWER_MAX))) {
            throw new ControlException(
                    ControlException.Kind.TIMEOUT, "not done in time, and it may still come about; see \"status\"");
        }
        Trouble why = reply.trouble();
        if (why != null) {
            throw new ControlException(kind(why), why.text());
        }
        return reply.result();
    }

    private static ControlException.Kind kind(Trouble why) {
        return switch (why.kind()) {
            case REFUSED -> ControlException.Kind.REFUSED;
            case TIMEOUT -> ControlException.Kind.TIMEOUT;
            case INVALID -> ControlException.Kind.INVALID;
            default -> ControlException.Kind.UNAVAILABLE;
        };
    }

    private static long millisSince(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }
}
