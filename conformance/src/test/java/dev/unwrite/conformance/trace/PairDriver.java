package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.SimHost.Copy;
import dev.unwrite.conformance.trace.SimStorage.OnWire;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.TraceClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Drives two hosts and a storage in one thread, as a seed says: all actions, in any order that the protocol allows. */
final class PairDriver {
    /** So many moves are tried for one that can be made, at most. */
    private static final int MOVES_MAX = 100;

    private final Random random;
    private final SimStorage storage;
    private final SimHost a;
    private final SimHost b;
    private final boolean faults;
    private final int blocks;
    private long now = 1_000_000;
    private int content = 1;
    private int hurry = 1;

    /** {@code skew}: the clocks of the processes differ by so many steps. */
    PairDriver(Path dir, long seed, boolean faults, int blocks, long skew) {
        this.random = new Random(seed);
        this.faults = faults;
        this.blocks = blocks;
        TraceClock clock = () -> ++now;
        this.storage = new SimStorage(dir, () -> ++now + skew);
        this.a = new SimHost("A", "B", dir, clock, storage);
        this.b = new SimHost("B", "A", dir, () -> ++now - skew, storage);
        a.other = b;
        b.other = a;
    }

    /** As {@link #run}, but until so many steps were taken; takeovers and faults come as often as in a long run. */
    void hurry(int count) throws IOException {
        hurry = 10;
        begin();
        for (int i = 0; i < count * MOVES_MAX && a.taken + b.taken < count; i++) {
            turn();
        }
        close();
    }

    /** True once in so many times, more often in a hurry. */
    private boolean onceIn(int times) {
        return random.nextInt(Math.max(2, times / hurry)) == 0;
    }

    void run(int count) throws IOException {
        begin();
        for (int i = 0; i < count; i++) {
            turn();
        }
        close();
    }

    private void begin() throws IOException {
        a.start();
        b.start();
        a.propose(Change.BOOTSTRAP);
        a.arriveProposal();
        a.hearGranted();
    }

    private void turn() throws IOException {
        SimHost host = random.nextBoolean() ? a : b;
        if (host.isUp()) {
            move(host);
        } else if (random.nextInt(20) == 0) {
            host.start();
        }
        arrive();
    }

    private void close() throws IOException {
        a.close();
        b.close();
        storage.close();
    }

    private void arrive() {
        if (!storage.wire.isEmpty() && random.nextInt(3) > 0) {
            storage.arrive(pick(storage.wire));
        }
        if (!storage.replies.isEmpty() && random.nextInt(3) > 0) {
            OnWire reply = pick(storage.replies);
            (reply.host().equals("A") ? a : b).answer(reply);
        }
        if (faults && onceIn(3000)) {
            storage.crash();
        }
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void move(SimHost host) throws IOException {
        OwnershipRecord record = storage.record();
        int dice = random.nextInt(hurry > 1 && random.nextBoolean() ? 95 : 100);
        if (hurry > 1 && dice >= 25 && dice < 40 && random.nextInt(3) > 0) {
            dice = 82 + random.nextInt(13);
        }
        if (dice < 25) {
            receive(host);
        } else if (dice < 40) {
            long first = random.nextInt(blocks);
            int count = 1 + random.nextInt((int) Math.min(3, blocks - first));
            if (host.machineWrite(new Extent(random.nextInt(2), first, count), content)) {
                content += count;
            }
        } else if (dice < 55) {
            if (!host.sendOwed()) {
                host.sendWrites();
            }
        } else if (dice < 65) {
            if (!host.copies.isEmpty()) {
                Copy copy = pick(host.copies);
                host.copy(copy);
            }
        } else if (dice < 71) {
            host.askFlush();
        } else if (dice < 75) {
            host.take(new Action.Cut(), null);
        } else if (dice < 77) {
            host.sendAgain();
        } else if (dice < 80) {
            host.commit(false);
        } else if (dice < 82) {
            host.take(new Action.Speak(), null);
        } else if (dice < 87) {
            follow(host, record);
        } else if (dice < 95) {
            own(host);
        } else if (faults) {
            fault(host);
        }
    }

    private void receive(SimHost host) {
        if (host.inbox.isEmpty()) {
            return;
        }
        SimHost.Message message = pick(host.inbox);
        if (message.type().equals("State") && host.state().role() == Role.IDLE) {
            return;
        }
        if (random.nextInt(10) > 0) {
            host.inbox.remove(message); // Else it comes twice.
        }
        if (!faults || random.nextInt(50) > 0) {
            host.receive(message);
        }
    }

    private void follow(SimHost host, OwnershipRecord record) {
        if (record.term() > host.state().term()) {
            host.tellCopies();
            host.take(new Action.StepDown(record), null);
        }
        if (host.hasStateOf(record.term())) {
            host.take(new Action.FollowJoin(record), null);
        }
        host.take(new Action.BecomeSecondary(record), null);
        host.restartRollback();
        host.take(new Action.Learn(record), null);
    }

    private void own(SimHost host) {
        switch (random.nextInt(10)) {
            case 0 -> host.take(new Action.StartJoin(), null);
            case 1, 2 -> host.propose(Change.PROTECT);
            case 3 -> {
                host.propose(Change.FINISH_ROLLBACK);
                host.propose(Change.COLD_START);
            }
            case 4 -> host.take(new Action.Resume(), null);
            case 5 -> host.take(new Action.ColdRead(), null);
            case 6 -> rarely(host);
            case 7, 8 -> host.arriveProposal();
            default -> host.hearGranted();
        }
    }

    private void rarely(SimHost host) {
        switch (random.nextInt(8)) {
            case 0, 1 -> host.propose(Change.TAKE_OVER);
            case 2 -> host.propose(Change.GO_ALONE);
            case 3 -> {
                if (faults && host.state().mode() == dev.unwrite.protocol.Mode.JOINING && host.openSession()) {
                    host.take(new Action.AbortJoin(storage.record()), null);
                }
            }
            case 4 -> {
                if (faults) {
                    host.propose(Change.FORCE_COLD_START);
                }
            }
            default -> {
                // Rarely indeed.
            }
        }
    }

    private void fault(SimHost host) throws IOException {
        switch (random.nextInt(30)) {
            case 0 -> host.crash();
            case 1 -> {
                if (host.commit(true)) {
                    host.crash();
                }
            }
            case 2, 3 -> host.openSession();
            default -> {
                // No fault this time.
            }
        }
    }
}
