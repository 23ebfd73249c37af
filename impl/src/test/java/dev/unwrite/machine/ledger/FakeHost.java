package dev.unwrite.machine.ledger;

import dev.unwrite.machine.MachineHost;
import dev.unwrite.nbd.BlockDevice;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A host that says at once, or holds what is said until it is told to release or drop it. */
final class FakeHost implements MachineHost {
    private final BlockDevice device;
    private final List<Runnable> held = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private boolean holding;

    FakeHost(BlockDevice device) {
        this.device = device;
    }

    FakeHost holding() {
        holding = true;
        return this;
    }

    @Override
    public void gone(String why) {
        throw new UnsupportedOperationException("the ledger is in this process");
    }

    @Override
    public boolean isAsked() {
        throw new UnsupportedOperationException("the ledger is in this process");
    }

    @Override
    public void stands(String why) {
        throw new UnsupportedOperationException("a ledger that fails does so for good");
    }

    @Override
    public void goesOn() {
        throw new UnsupportedOperationException("a ledger that fails does so for good");
    }

    @Override
    public Closeable serve(Path socket) {
        throw new UnsupportedOperationException("the ledger is in this process");
    }

    synchronized int held() {
        return held.size();
    }

    synchronized void release() {
        held.forEach(Runnable::run);
        held.clear();
    }

    synchronized void drop() {
        held.clear();
    }

    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public Map<String, BlockDevice> volumes() {
        return Map.of("data", device);
    }

    @Override
    public synchronized void say(Runnable release) {
        if (holding) {
            held.add(release);
        } else {
            release.run();
        }
    }

    @Override
    public void sayOfItself(Runnable release) {
        throw new UnsupportedOperationException("what a ledger says is covered");
    }

    @Override
    public synchronized void failed(String why) {
        failures.add(why);
    }
}
