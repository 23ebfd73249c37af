package dev.unwrite.conformance.sim;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.trace.TraceWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the hosts and the storage of a simulated world did, as a trace would name it, until a recorded line claims it. Each
 * thing that was done is claimed at most once.
 */
final class Doings implements StorageObserver {
    private final Map<Doing, Deque<Integer>> unclaimed = new HashMap<>();
    private final Map<String, Integer> beside = new TreeMap<>();
    private final Map<Long, Integer> sessions = new HashMap<>();
    private int now;

    /**
     * Something that was done.
     *
     * @param host who did it, or for whom the storage did
     * @param action as in a trace
     * @param term of the epoch that it names; 0 where it names none
     * @param epoch likewise
     * @param block one of its blocks; -1 where it has none
     */
    record Doing(int host, String action, long term, long epoch, int block) {}

    /** What is done from now on belongs to the line with this number. */
    void begin(int line) {
        now = line;
    }

    /** Whether all of it was done and nobody has claimed it. */
    boolean has(List<Doing> doings) {
        return unclaimed.keySet().containsAll(doings);
    }

    /** Claims it; returns the line at which the last of it was done, or -1 if something is missing. */
    int claim(List<Doing> doings) {
        boolean whole = has(doings);
        int last = -1;
        for (Doing doing : doings) {
            Deque<Integer> lines = unclaimed.get(doing);
            if (lines != null) {
                last = Math.max(last, lines.removeFirst());
                if (lines.isEmpty()) {
                    unclaimed.remove(doing);
                }
            }
        }
        return whole ? last : -1;
    }

    /** What was done before that line, and nobody has claimed, was done beside what was recorded. */
    void expire(int line) {
        for (Iterator<Map.Entry<Doing, Deque<Integer>>> it =
                        unclaimed.entrySet().iterator();
                it.hasNext(); ) {
            Map.Entry<Doing, Deque<Integer>> entry = it.next();
            while (!entry.getValue().isEmpty() && entry.getValue().peekFirst() < line) {
                entry.getValue().removeFirst();
                beside.merge(entry.getKey().action, 1, Integer::sum);
            }
            if (entry.getValue().isEmpty()) {
                it.remove();
            }
        }
    }

    /** How often something was done that no line claimed, by its action. */
    Map<String, Integer> beside() {
        return beside;
    }

    private void done(int host, String action, long term, long epoch, int block) {
        unclaimed
                .computeIfAbsent(new Doing(host, action, term, epoch, block), doing -> new ArrayDeque<>())
                .addLast(now);
    }

    private void done(int host, String action, long term, long epoch, Blocks blocks) {
        for (Extent extent : blocks.extents()) {
            for (long block = extent.first(); block < extent.end(); block++) {
                done(host, action, term, epoch, (int) block);
            }
        }
    }

    // ---- Of a host.

    TraceWriter of(int host) {
        return new TraceWriter() {
            @Override
            public void step(HostState before, Action action, HostState after, int @Nullable [] values) {
                stepped(host, before, action, after);
            }

            @Override
            public boolean active() {
                return false; // Nobody looks at contents.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private void stepped(int host, HostState before, Action action, HostState after) {
        String name = action.name();
        switch (action) {
            case Action.AskFlush a -> {}
            case Action.AskCommit a -> {}
            case Action.CommitFailed a -> {}
            case Action.NotAgreed a -> {}
            case Action.MachineWrite a -> done(host, name, 0, 0, Blocks.of(a.extent()));
            case Action.SendWrite a -> done(host, name, 0, 0, Blocks.of(a.extent()));
            case Action.WriteDone a -> done(host, name, 0, 0, Blocks.of(a.extent()));
            case Action.RecvPreserved a ->
                done(host, name, a.term(), a.epoch(), after.kept().without(before.kept()));
            case Action.ReadOld a -> {
                CopyKey key = new CopyKey(a.term(), a.epoch());
                Blocks old = before.reading().getOrDefault(key, Blocks.NONE);
                done(
                        host,
                        name,
                        a.term(),
                        a.epoch(),
                        after.reading().getOrDefault(key, Blocks.NONE).without(old));
            }
            case Action.StoreCopy a -> done(host, name, a.term(), a.epoch(), Blocks.of(a.extent()));
            case Action.Flush a -> {
                Blocks covered = before.dirty().without(after.dirty());
                if (covered.isEmpty()) {
                    done(host, name, 0, 0, -1);
                } else {
                    done(host, name, 0, 0, covered);
                }
            }
            case Action.StagePart a -> done(host, name, a.term(), a.epoch(), -1);
            case Action.LearnCommitted a -> done(host, name, a.term(), a.epoch(), -1);
            case Action.Commit a -> done(host, name, after.term(), a.epoch(), -1);
            case Action.Propose a -> done(host, name + " " + a.change(), 0, 0, -1);
            default -> done(host, name, 0, 0, -1);
        }
    }

    // ---- Of the storage.

    @Override
    public boolean active() {
        return true;
    }

    @Override
    public void booted(String group, String storage, long boot, OwnershipRecord record, List<String> volumes) {
        sessions.clear();
        if (boot > 1) {
            done(-1, "Boot", 0, 0, -1);
        }
    }

    @Override
    public void sessionOpened(String group, Session session, List<Session> ended) {
        sessions.put(session.number(), session.host().equals("A") ? 0 : 1);
    }

    @Override
    public void recordChanged(String group, Session by, OwnershipRecord record) {
        done(by.host().equals("A") ? 0 : 1, "Record " + record.mode().wire(), 0, 0, -1);
    }

    @Override
    public void written(StorageObserver.Write write) {
        long first = write.offset() / Extent.BLOCK_BYTES;
        Extent extent = new Extent(0, first, (int) (write.length() / Extent.BLOCK_BYTES));
        done(sessions.getOrDefault(write.session(), -1), "Apply", 0, 0, Blocks.of(extent));
    }

    @Override
    public void destaged(String group, List<Extent> blocks) {
        for (Extent extent : blocks) {
            done(-1, "Destage", 0, 0, Blocks.of(extent));
        }
    }

    @Override
    public void flushed(String group, String volume, long session) {
        done(sessions.getOrDefault(session, -1), "Flushed", 0, 0, -1);
    }
}
