package dev.unwrite.conformance.sim;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageCore;
import dev.unwrite.storage.StorageCore.Answer;
import dev.unwrite.storage.StorageCore.Input;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.storage.StorageObserver.Asked;
import dev.unwrite.storage.StorageObserver.Kind;
import dev.unwrite.storage.StorageState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The shared storage: the real {@link StorageCore} over blocks in memory with a volatile cache. */
final class SimStorage {
    /** What its hosts call it in their traces. */
    static final String ID = "storage-1";

    /** So many blocks does its one volume have, if no move asks for more. */
    static final int BLOCKS = 6;
    /** More than this no volume has. */
    static final int BLOCKS_MAX = 4096;

    /** Bits of an int that is not negative. */
    private static final int LOST_BITS = 31;

    private static final String GROUP = "vm";
    private static final String VOLUME = "disk";
    /** More requests than this are never under way, or than a volume has blocks; a host that has as many waits. */
    private static final int MAX_WIRE = 64;

    private final StorageObserver observer;
    private final int[] cache;
    private final int[] disk;
    private StorageState state = StorageState.started(OwnershipRecord.INITIAL);
    private long boot = 1;
    private long sessions;
    private long changes;
    private final Set<Integer> toHold = new HashSet<>();

    /** Requests that have not arrived yet; they outlive their host. */
    final List<Request> wire = new ArrayList<>();
    /** Answers that have not arrived yet. */
    final List<Reply> replies = new ArrayList<>();
    /** Requests and answers that were put aside on their way. */
    final List<Request> lateRequests = new ArrayList<>();

    final List<Reply> lateReplies = new ArrayList<>();

    /** What a host asks the storage. */
    sealed interface Request {
        String host();

        long session();

        /** A write of the machine, or, with 0 as {@code id}, one that the host owes; {@code term} is for the check. */
        record Write(String host, long session, long term, long id, Extent extent, int[] values) implements Request {}

        /** Make durable what was applied. */
        record Flush(String host, long session) implements Request {}

        /** Compare and set the record. */
        record Change(String host, long session, long expect, OwnershipRecord next) implements Request {}
    }

    /** An answer: to a change of the record, whether it was made. */
    record Reply(Request to, boolean agreed) {}

    SimStorage(StorageObserver observer, int blocks) {
        this.observer = observer;
        this.cache = new int[blocks];
        this.disk = new int[blocks];
        observer.booted(GROUP, ID, boot, record(), List.of(VOLUME));
    }

    OwnershipRecord record() {
        return state.record();
    }

    /** Grows whenever the record or a block changes. */
    long changes() {
        return changes;
    }

    int blocks() {
        return cache.length;
    }

    int read(long block) {
        return cache[(int) block];
    }

    int[] image() {
        return cache.clone();
    }

    /** What would be left if the storage crashed now and lost all that it may. */
    int[] durableImage() {
        return disk.clone();
    }

    void ask(Request request) {
        if (wire.size() < Math.max(MAX_WIRE, cache.length)) {
            (isHeld(request, 2) ? lateRequests : wire).add(request);
        }
    }

    /** A new session of the host begins; its earlier ones end. */
    long open(String host, long term) {
        StorageCore.Step step = StorageCore.step(state, new Input.Open(host, term, boot << 32 | ++sessions));
        if (!(step.answer() instanceof Answer.Opened opened)) {
            throw new IllegalStateException("no session: " + step.answer());
        }
        state = step.state();
        observer.sessionOpened(GROUP, opened.session(), opened.ended());
        return opened.session().number();
    }

    boolean isNewest(String host, long session) {
        return state.find(host, session) != null;
    }

    /** The request arrives. What is not admitted is never applied. Returns what must not have been, or null. */
    @Nullable
    String arrive(Request request) {
        wire.remove(request);
        return switch (request) {
            case Request.Write write -> write(write);
            case Request.Flush flush -> flush(flush);
            case Request.Change change -> change(change);
        };
    }

    private @Nullable String write(Request.Write write) {
        if (StorageCore.denyWrite(state, write.host, write.session) != null) {
            refused(write.host, write.session, Asked.WRITE);
            return null;
        }
        for (int i = 0; i < write.values.length; i++) {
            cache[(int) write.extent.first() + i] = write.values[i];
        }
        changes++;
        observer.written(new StorageObserver.Write(
                GROUP,
                VOLUME,
                write.session,
                -1,
                Kind.WRITE,
                write.extent.offsetBytes(),
                write.extent.lengthBytes(),
                Content.of(write.values),
                true));
        reply(new Reply(write, true));
        OwnershipRecord record = record();
        return record.owner().equals(write.host) && record.term() == write.term
                ? null
                : "a write of " + write.host + " in term " + write.term + " was applied, the record says term "
                        + record.term() + ", owner " + record.owner();
    }

    private @Nullable String flush(Request.Flush flush) {
        if (StorageCore.denyRead(state, flush.host, flush.session) != null) {
            refused(flush.host, flush.session, Asked.FLUSH);
            return null;
        }
        System.arraycopy(cache, 0, disk, 0, disk.length);
        changes++;
        observer.flushed(GROUP, VOLUME, flush.session);
        reply(new Reply(flush, true));
        return null;
    }

    private @Nullable String change(Request.Change change) {
        OwnershipRecord before = record();
        StorageCore.Step step =
                StorageCore.step(state, new Input.Cas(change.host, change.session, change.expect, change.next));
        boolean agreed = step.answer() instanceof Answer.Compared compared && compared.ok();
        if (step.answer() instanceof Answer.Denied) {
            refused(change.host, change.session, Asked.RECORD);
        }
        state = step.state();
        if (agreed) {
            changes++;
            Session by = state.find(change.host, change.session);
            if (by != null) {
                observer.recordChanged(GROUP, by, record());
            }
        }
        reply(new Reply(change, agreed));
        return agreed && before.version() != change.expect
                ? "the record was version " + before.version() + ", not " + change.expect + ", and was replaced"
                : null;
    }

    private void refused(String host, long session, Asked asked) {
        observer.refused(new StorageObserver.Refusal(GROUP, host, session, record().term(), asked));
    }

    private void reply(Reply reply) {
        (isHeld(reply.to(), 0) ? lateReplies : replies).add(reply);
    }

    private boolean isHeld(Request request, int from) {
        return switch (request) {
            case Request.Flush flush -> toHold.remove(from);
            case Request.Write write -> toHold.remove(from + 1);
            case Request.Change change -> false;
        };
    }

    /** The next answer to a flush (0) or to a write (1) is put aside, or the next request for one (2, 3). */
    void hold(int which) {
        toHold.add(which % 4);
    }

    /** Whether no such request, and no answer to one, is on its way. */
    boolean isNoneUnderWay(Predicate<Request> such) {
        return Stream.of(wire, lateRequests).flatMap(List::stream).noneMatch(such)
                && Stream.of(replies, lateReplies)
                        .flatMap(List::stream)
                        .map(Reply::to)
                        .noneMatch(such);
    }

    /** How many were put aside. */
    int late() {
        return lateRequests.size() + lateReplies.size();
    }

    /** What was put aside is on its way again, and nothing else will be put aside. */
    void letGo() {
        toHold.clear();
        wire.addAll(lateRequests);
        replies.addAll(lateReplies);
        lateRequests.clear();
        lateReplies.clear();
    }

    /** A block becomes durable of its own accord. */
    void destage(int number) {
        int block = number % disk.length;
        if (disk[block] != cache[block]) {
            disk[block] = cache[block];
            changes++;
            observer.destaged(GROUP, List.of(new Extent(0, block, 1)));
        }
    }

    /** What {@link #crash} takes for these blocks. */
    static int bits(List<Integer> blocks) {
        return blocks.stream().mapToInt(block -> 1 << block % LOST_BITS).reduce(0, (a, b) -> a | b);
    }

    /** All sessions end; of the unflushed blocks, those are lost whose bit is set: the 32nd has that of the first again. */
    void crash(int lost) {
        List<Extent> gone = new ArrayList<>();
        for (int i = 0; i < disk.length; i++) {
            if (cache[i] != disk[i] && (lost >> i % LOST_BITS & 1) != 0) {
                cache[i] = disk[i];
                gone.add(new Extent(0, i, 1));
            }
            disk[i] = cache[i];
        }
        observer.lost(GROUP, gone);
        boot++;
        changes++;
        sessions = 0;
        StorageCore.Step step = StorageCore.step(state, new Input.LoseCache());
        state = step.state();
        wire.clear();
        replies.clear();
        lateRequests.clear();
        lateReplies.clear();
        observer.booted(GROUP, ID, boot, record(), List.of(VOLUME));
    }

    @Override
    public String toString() {
        OwnershipRecord r = record();
        return "storage " + Arrays.toString(cache) + ", durable " + Arrays.toString(disk) + ", record: term " + r.term()
                + ", owner " + r.owner() + ", " + r.mode().wire()
                + (r.secondary().isEmpty() ? "" : ", secondary " + r.secondary());
    }
}
