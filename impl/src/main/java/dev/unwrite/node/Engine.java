package dev.unwrite.node;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import dev.unwrite.trace.TraceWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Holds the state of this host and is the only place where {@link Protocol#step} is called and a trace is written. For
 * any number of threads: one step at a time, with its effects, under one lock.
 */
final class Engine {
    /** Performs effects, in the order of the steps, under the engine's lock: it must not wait for the network. */
    interface Effects {
        void perform(Effect effect);
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final TraceWriter trace;
    private volatile HostState state;
    private @Nullable Effects effects;

    Engine(HostState initial, TraceWriter trace) {
        this.state = initial;
        this.trace = trace;
    }

    /** Connects the shells; called once, before the first step. */
    void connect(Effects performer) {
        effects = performer;
    }

    /** The state at this moment. */
    HostState state() {
        return state;
    }

    /** The name of the other host is known now. */
    void peerIs(String name) {
        lock.lock();
        try {
            state = state.withPeer(name);
        } finally {
            lock.unlock();
        }
    }

    /** Takes the action and performs what follows from it; false if the protocol refuses it. */
    boolean take(Action action) {
        return tryTake(action, null) instanceof Step.Taken;
    }

    /** As {@link #take}, with the hashes of the blocks for the trace. */
    Step tryTake(Action action, int @Nullable [] values) {
        lock.lock();
        try {
            HostState before = state;
            Step step = Protocol.step(before, action);
            if (step instanceof Step.Taken(HostState next, List<Effect> follow)) {
                state = next;
                trace.step(before, action, next, values);
                Effects performer = effects;
                for (Effect effect : follow) {
                    if (performer != null) {
                        performer.perform(effect);
                    }
                }
                changed.signalAll();
            }
            return step;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the state is as wanted; false if that did not come in time. */
    boolean await(Predicate<HostState> wanted, Duration limit) throws InterruptedException {
        long left = limit.toNanos();
        lock.lockInterruptibly();
        try {
            while (!wanted.test(state)) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
