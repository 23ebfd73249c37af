package dev.unwrite.host;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Role;
import dev.unwrite.trace.Contents;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The secondary's copies: reads what is about to be overwritten, appends it to the undo log, and acknowledges it once it is
 * stored (rule StoreBeforeAck). If the local disk fails, {@link #failure} says why and nothing more is copied.
 */
final class Copies {
    /** The most reads and appends in flight; further preserve requests wait. */
    private static final int UNDER_WAY_MAX = 256;
    /** The most bytes of them: less than the log holds without making the caller wait. */
    private static final long BYTES_MAX = 32L << 20;

    /** What was not asked for is copied while the log takes less than a quarter of its limit; at half of it a checkpoint is cut. */
    private static final int ROOM_SHARE = 4;

    private static final long RETRY = 50 * Timers.MILLI;

    private record Wanted(long term, long epoch, Extent extent) {}

    private final Host h;
    private final Deque<Wanted> queue = new ArrayDeque<>();
    private final Set<Wanted> reading = new LinkedHashSet<>();
    private int storing;
    private long bytes;
    /** Steps put off while a takeover is being decided; taken if it is not agreed. */
    private final List<Runnable> undecided = new ArrayList<>();

    private SharedStorage.@Nullable Session reader;
    private long opens;
    private boolean opening;
    private boolean held;
    private @Nullable Runnable onceStored;
    private @Nullable String failure;
    /** Something could not be stored here, and a restart may find it nevertheless. */
    private boolean doubtful;

    Copies(Host h) {
        this.h = h;
    }

    /** Why the local storage failed, so that this host can no longer mirror, or null. */
    @Nullable
    String failure() {
        return failure;
    }

    void fail(String why) {
        if (failure == null) {
            failure = why;
            h.log("this host can no longer mirror: " + why + "; start the node again");
        }
    }

    /** A copy or a checkpoint could not be stored, and a restart may find it nevertheless. */
    void doubtful() {
        doubtful = true;
    }

    /** Effect ReadAndStore. */
    void readAndStore(long term, long epoch, List<Extent> extents) {
        extents.forEach(extent -> queue.add(new Wanted(term, epoch, withAround(term, epoch, extent))));
        pump();
    }

    /** One request reads both, and one append stores them: what was not asked for is never read later (rule AroundWhileAsked). */
    private Extent withAround(long term, long epoch, Extent asked) {
        HostState s = h.state();
        CopyKey key = new CopyKey(term, epoch);
        Extent around = Around.behind(asked, s.copies(key), s.reading(key), blocksOf(asked.volume()));
        return around != null && h.core.take(new Action.ReadAround(term, epoch, asked, around))
                ? new Extent(asked.volume(), asked.first(), asked.count() + around.count())
                : asked;
    }

    /** As many blocks as the volume has; none while there is too little room for what nobody asked for. */
    private long blocksOf(int volume) {
        SharedStorage.Session session = reader;
        if (session != null && h.store().usedBytes() < h.config().undoLimitBytes() / ROOM_SHARE) {
            for (SharedStorage.Volume known : session.volumes()) {
                if (known.id() == volume) {
                    return known.sizeBytes() / Extent.BLOCK_BYTES;
                }
            }
        }
        return 0;
    }

    private boolean follows(long term) {
        return !h.isEnded() && h.state().role() == Role.SECONDARY && h.state().term() == term;
    }

    private void pump() {
        while (reading.size() + storing < UNDER_WAY_MAX && bytes < BYTES_MAX && !queue.isEmpty() && failure == null) {
            if (!follows(queue.getFirst().term)) {
                queue.removeFirst();
                continue;
            }
            SharedStorage.Session session = reader;
            if (session == null) {
                open();
                return;
            }
            read(session, queue.removeFirst());
        }
    }

    private void open() {
        if (opening || held) {
            return;
        }
        opening = true;
        long mine = ++opens;
        h.storage()
                .open(
                        h.state().term(),
                        Reply.of(
                                session -> {
                                    if (mine == opens && opening) {
                                        opening = false;
                                        reader = session;
                                        pump();
                                    } else {
                                        h.storage().close(session.number());
                                    }
                                },
                                why -> {
                                    if (mine == opens && opening) {
                                        opening = false;
                                        h.timers.after(RETRY, this::pump);
                                    }
                                }));
    }

    private void read(SharedStorage.Session session, Wanted wanted) {
        reading.add(wanted);
        bytes += wanted.extent.lengthBytes();
        h.storage()
                .readOld(
                        session.number(),
                        wanted.epoch,
                        wanted.extent,
                        Reply.of(
                                old -> {
                                    if (reading.remove(wanted)) {
                                        store(wanted, session.number(), old);
                                    }
                                },
                                why -> {
                                    if (reading.contains(wanted)) {
                                        giveUp();
                                        h.timers.after(RETRY, this::pump);
                                    }
                                }));
    }

    /** The storage hung up on a session. */
    void hungUp(long number) {
        SharedStorage.Session session = reader;
        if (session != null && session.number() == number) {
            giveUp();
            h.timers.after(RETRY, this::pump);
        }
    }

    private void store(Wanted wanted, long readIn, OldData old) {
        storing++;
        h.store()
                .append(
                        wanted.term,
                        wanted.epoch,
                        old,
                        Reply.of(
                                stored -> {
                                    storing--;
                                    isOver(wanted);
                                    stored(wanted, readIn, old, stored);
                                    pump();
                                    goOn();
                                },
                                why -> {
                                    storing--;
                                    notStored(wanted, readIn, old, why);
                                    pump();
                                    goOn();
                                }));
    }

    private void isOver(Wanted wanted) {
        bytes -= wanted.extent.lengthBytes();
    }

    private void notStored(Wanted wanted, long readIn, OldData old, Trouble why) {
        if (follows(wanted.term) && why.kind() == Trouble.Kind.NO_SPACE) {
            // The next commit makes room; until then the primary waits.
            h.timers.after(RETRY, () -> storeAgain(wanted, readIn, old));
            return;
        }
        isOver(wanted);
        doubtful();
        if (follows(wanted.term)) {
            fail("cannot store a copy: " + why.text());
        }
    }

    private void storeAgain(Wanted wanted, long readIn, OldData old) {
        if (!held && follows(wanted.term)) {
            store(wanted, readIn, old);
            return;
        }
        isOver(wanted);
        if (held) {
            queue.addFirst(wanted);
        } else {
            pump();
        }
    }

    private void stored(Wanted wanted, long readIn, OldData old, LocalStore.Stored how) {
        Extent got = old.extent();
        if (how == LocalStore.Stored.STORED) {
            Contents contents = h.wantsContents() ? new Contents(old.hashes(), readIn) : null;
            onceDecided(() -> h.core.take(new Action.StoreCopy(wanted.term, wanted.epoch, got), contents));
        }
    }

    /** Takes the step now, or, while a takeover is being decided, once it is not agreed: the protocol refuses it until then. */
    void onceDecided(Runnable step) {
        if (h.state().proposal() == null) {
            step.run();
        } else {
            undecided.add(step);
        }
    }

    /**
     * Gives the session up and opens no other: that would end the session with which this host takes over. Goes on once
     * nothing is being stored, no checkpoint either, and it is certain what is: a restart within the rollback must find neither a
     * copy nor a checkpoint that the rollback did not know of (rule KeepUntilRestored). {@code refused} is told why that cannot be
     * had. Nothing is stored from here on, until {@link #release}.
     */
    void hold(Runnable then, Consumer<String> refused) {
        held = true;
        giveUp();
        onceStored = () -> settle(then, refused);
        goOn();
    }

    /** Whether a takeover is being decided. */
    boolean isHeld() {
        return held;
    }

    /**
     * After a commit that failed, and before the next state arrives: makes certain which checkpoint is held. Until then the
     * store takes no other, and one error would end mirroring for good. A log that failed is another matter.
     */
    void settleCommit() {
        if (doubtful && failure == null) {
            settle(() -> {}, why -> {});
        }
    }

    private void settle(Runnable then, Consumer<String> refused) {
        if (!doubtful) {
            then.run();
            return;
        }
        h.store()
                .settle(Reply.of(
                        settled -> {
                            doubtful = false;
                            h.received.settled(settled.checkpoint());
                            then.run();
                        },
                        why -> refused.accept("it is not certain what its own disk holds (" + why.text()
                                + "); see to the disk of --data")));
    }

    /** A copy, or a checkpoint, is stored or not: a takeover may have waited for it. */
    void goOn() {
        Runnable then = onceStored;
        if (then != null && storing == 0 && h.state().committing() < 0) {
            onceStored = null;
            then.run();
        }
    }

    /** The takeover is decided, one way or the other. */
    void release() {
        held = false;
        List<Runnable> steps = List.copyOf(undecided);
        undecided.clear();
        steps.forEach(Runnable::run);
        h.received.commit();
        pump();
    }

    /** This host stops being secondary. */
    void end() {
        giveUp();
        queue.clear();
        undecided.clear();
    }

    /** What was being read is asked for again; what is being stored is stored, and acknowledged if it still counts. */
    private void giveUp() {
        opening = false;
        reading.forEach(wanted -> {
            queue.addFirst(wanted);
            isOver(wanted);
        });
        reading.clear();
        SharedStorage.Session session = reader;
        reader = null;
        if (session != null) {
            h.storage().close(session.number());
        }
    }
}
