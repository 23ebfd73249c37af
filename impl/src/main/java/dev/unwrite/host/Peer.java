package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Mode;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.PendingWrite;
import dev.unwrite.protocol.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The other host as seen from here: its messages, when it was last heard, and the copies it must still hold. */
final class Peer {
    /** How long to wait for an acknowledgment before asking again. */
    private static final long ASK_AGAIN = Timers.SECOND;

    private final Host h;
    private final Acknowledged acknowledged = new Acknowledged();
    private PeerMessage.@Nullable Heartbeat heard;
    private long heardAt = Long.MIN_VALUE;
    private long heartbeatAt = Long.MIN_VALUE;
    /** The life of its process, by its greeting; 0 before the first. */
    private long life;
    /** The oldest write that waits for its copies, or -1, and since when, or when it was asked for last. */
    private long waitsFor = -1;

    private long waitsSince;

    private boolean joinerChanged;
    /** Whether the other host has said in its present life that it is secondary. */
    private boolean follows;

    private PeerMessage.Ids ids = PeerMessage.Ids.NONE;
    private @Nullable String unfit;

    Peer(Host h) {
        this.h = h;
    }

    PeerMessage.@Nullable Heartbeat heard() {
        return heard;
    }

    /** When something was last heard, or counts as heard; {@link Long#MIN_VALUE} if nothing was. */
    long heardAt() {
        return heardAt;
    }

    /** How long ago the last heartbeat came. */
    long heartbeatAgo() {
        return heartbeatAt == Long.MIN_VALUE ? Long.MAX_VALUE : h.now() - heartbeatAt;
    }

    PeerMessage.Ids ids() {
        return ids;
    }

    @Nullable
    String unfit() {
        return unfit;
    }

    boolean joinerChanged() {
        return joinerChanged;
    }

    /** The other host is no longer relied on, whatever it says. */
    void unfit(String why) {
        unfit = why;
    }

    /** The other host may join again, with a whole state; what it held before still does not count. */
    void forgive() {
        unfit = null;
        acknowledged.begin(ids.undo(), ids.position());
    }

    /** A join begins: the process that is there now is the one that counts. */
    void joinerIsThere() {
        joinerChanged = false;
    }

    /** Forgets the last heartbeat, which is out of date. */
    void forgetHeartbeat() {
        heard = null;
    }

    /** This host has begun to follow: silence counts from here on. */
    void countsAsHeard() {
        heardAt = h.now();
    }

    /** Whether it says that it runs the machine in the newest term. */
    boolean isPrimary() {
        PeerMessage.Heartbeat last = heard;
        return last != null
                && last.role().equals(Role.PRIMARY.spelling())
                && last.term() >= h.ownership.record().term();
    }

    // ---- What it says.

    void received(PeerMessage message, long ofLife) {
        switch (message) {
            case PeerMessage.Heartbeat m -> heartbeat(m);
            case PeerMessage.Preserve m -> {
                follow(m.term());
                h.core.take(new Action.ReadOld(m.term(), m.epoch(), m.extents()));
            }
            case PeerMessage.Preserved m -> {
                h.undoReported(m.undoBytes());
                if (isOfThisLife(ofLife) && h.core.take(new Action.RecvPreserved(m.term(), m.epoch(), m.extents()))) {
                    acknowledged.acknowledged(ofLife, m.position());
                }
            }
            case PeerMessage.StateBegin m -> {
                follow(m.term());
                h.received.begin(m);
            }
            case PeerMessage.StateChunk m -> h.received.chunk(m);
            case PeerMessage.StateEnd m -> h.received.end(m);
            case PeerMessage.Committed m -> {
                if (isOfThisLife(ofLife)) {
                    h.learnCommitted(m.term(), m.epoch());
                }
            }
            case PeerMessage.StateRefused m -> h.states.refused(m.term(), m.epoch(), m.reason());
            case PeerMessage.HandOver m -> h.orders.handOver(m);
            case PeerMessage.HandOverRefused m -> h.orders.handOverRefused(m);
            case PeerMessage.Leaving m -> {
                if (h.state().role() == Role.PRIMARY && m.term() == h.state().term()) {
                    unfit("the secondary is being stopped");
                }
            }
            case PeerMessage.Hello m -> {}
        }
    }

    /**
     * Whether the other host may still be held to its word. What an earlier life of it said counts only until a new one is known,
     * which may hold less ({@link #holdsLess} has compared); what a new one says before it is known, it is asked for again.
     */
    private boolean isOfThisLife(long ofLife) {
        return life == 0 || ofLife == life;
    }

    private void heartbeat(PeerMessage.Heartbeat m) {
        heard = m;
        heardAt = h.now();
        heartbeatAt = h.now();
        if (!follows && m.role().equals(Role.SECONDARY.spelling())) {
            // What came to this life of it before it followed was passed over, and its word of that may be lost.
            follows = true;
            sendAgain();
            if (h.state().mode() == Mode.PROTECTED) {
                h.states.resend();
            }
        }
        h.undoReported(m.undoBytes());
        if (m.recordVersion() > h.ownership.record().version()) {
            h.ownership.look();
        }
    }

    private void follow(long term) {
        OwnershipRecord known = h.ownership.record();
        if (h.state().role() == Role.IDLE && known.term() == term && !h.takeover.isAsking()) {
            h.core.take(new Action.FollowJoin(known));
        }
    }

    // ---- Connections.

    void up(PeerMessage.Hello hello) {
        h.core.peerIs(hello.from());
        heardAt = h.now();
        boolean another = life != 0 && life != hello.incarnation();
        life = hello.incarnation();
        ids = hello.ids();
        if (another) {
            follows = false;
            unfit = holdsLess(hello);
        }
        if (h.state().mode() == Mode.SOLO) {
            acknowledged.begin(ids.undo(), ids.position());
        }
        if (another && h.state().mode() == Mode.JOINING) {
            joinerChanged = true;
        }
        h.states.connected();
        sendAgain();
    }

    /** Sends again what may have been lost with the old connection. */
    private void sendAgain() {
        HostState s = h.state();
        List<Extent> missing = new ArrayList<>();
        if (s.mode() != Mode.SOLO) {
            for (PendingWrite write : s.pending()) {
                missing.addAll(s.kept().missing(write.extent()));
            }
        }
        h.copyMessages.preserve(s.term(), s.epoch(), missing);
        Checkpoint held = s.checkpoint();
        if (s.role() == Role.SECONDARY && held != null) {
            h.send(new PeerMessage.Committed(held.term(), held.epoch()));
        }
        h.received.sayAgain();
    }

    /** Asks again for copies: acknowledgments may be lost without notice. */
    private void askAgain(HostState s) {
        long oldest = -1;
        for (PendingWrite write : s.pending()) {
            if (s.mode() != Mode.SOLO && !s.kept().containsAll(write.extent())) {
                oldest = write.id();
                break;
            }
        }
        if (oldest != waitsFor) {
            waitsFor = oldest;
            waitsSince = h.now();
        } else if (oldest >= 0 && h.now() - waitsSince >= ASK_AGAIN) {
            waitsSince = h.now();
            sendAgain();
        }
    }

    /**
     * Why what the other host holds in a new life is less than it had acknowledged, however that came about (a folder put back
     * from a copy, a disk that lost what it had synced, another undo log), or null (rule OneLife).
     */
    private @Nullable String holdsLess(PeerMessage.Hello hello) {
        PeerMessage.Ids now = hello.ids();
        HostState s = h.state();
        // While the record is asked to count on it, nothing can be called off: what it holds counts as soon as that is
        // agreed.
        boolean counts = s.mode() == Mode.PROTECTED || s.proposal() == Action.Change.PROTECT;
        if (s.role() != Role.PRIMARY || !counts) {
            return null;
        }
        if (!acknowledged.isOf(now.undo())) {
            return "the secondary has come back with another undo log";
        }
        boolean lessCopies = acknowledged.isMoreThan(hello.incarnation(), now.position());
        boolean lessState = now.checkpointTerm() != s.term() || now.checkpointEpoch() < s.safe();
        return lessCopies || lessState ? "the secondary has come back with less than it had acknowledged" : null;
    }

    // ---- What this host says.

    /** Sends a heartbeat. */
    void beat() {
        HostState s = h.state();
        askAgain(s);
        Checkpoint held = s.checkpoint();
        h.send(new PeerMessage.Heartbeat(
                h.isFailing() ? Policy.FAILED : s.role().spelling(),
                s.term(),
                s.epoch(),
                held == null ? 0 : held.epoch(),
                h.ownership.record().version(),
                wouldJoin(s),
                held == null,
                false,
                h.store().usedBytes()));
    }

    /** Whether this host would take the state of the owner's machine. */
    private boolean wouldJoin(HostState s) {
        OwnershipRecord record = h.ownership.record();
        return (s.role() == Role.IDLE || s.role() == Role.SECONDARY)
                && h.copies.failure() == null
                && record.mode() == OwnershipRecord.Mode.SOLO
                && !record.owner().equals(h.config().name());
    }
}
