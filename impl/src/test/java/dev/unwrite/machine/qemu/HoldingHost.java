package dev.unwrite.machine.qemu;

import dev.unwrite.machine.MachineHost;
import dev.unwrite.nbd.BlockDevice;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host that holds what is said until it is told to release or drop it. */
class HoldingHost implements MachineHost {
    private final Deque<Runnable> held = new ArrayDeque<>();
    private final List<String> failures = new CopyOnWriteArrayList<>();

    @Override
    public Map<String, BlockDevice> volumes() {
        return Map.of();
    }

    @Override
    public Closeable serve(Path socket) {
        return () -> {};
    }

    @Override
    public void say(Runnable release) {
        throw new UnsupportedOperationException("a guest speaks of itself");
    }

    @Override
    public synchronized void sayOfItself(Runnable release) {
        held.add(release);
    }

    @Override
    public void failed(String why) {
        failures.add(why);
    }

    @Override
    public boolean isAsked() {
        return false;
    }

    @Override
    public void stands(String why) {
        failures.add("stands: " + why);
    }

    @Override
    public void goesOn() {
        failures.add("goes on");
    }

    @Override
    public void gone(String why) {
        failures.add("gone: " + why);
    }

    /** And that it is gone, stands still, and goes on. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    synchronized int held() {
        return held.size();
    }

    /** The first ones, in the order in which they came. */
    synchronized void release(int count) {
        for (int i = 0; i < count; i++) {
            held.remove().run();
        }
    }

    synchronized void drop(int count) {
        for (int i = 0; i < count; i++) {
            held.remove();
        }
    }
}
