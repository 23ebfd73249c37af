package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Role;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * States of the machine that arrive at the secondary, part by part. A whole one is switched in as the committed checkpoint,
 * one after the other (rule StateBeforeDiscard); a delta waits until its base is (rule DeltaOnItsBase).
 */
final class StatesReceived {
    private record Key(long term, long epoch) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            return term != other.term ? Long.compare(term, other.term) : Long.compare(epoch, other.epoch);
        }
    }

    /** How far a state has come. */
    private enum Stage {
        ARRIVING,
        /** All of it is on its way to the disk. */
        ENDED,
        /** Whole, and waiting to be switched in. */
        WHOLE,
        COMMITTING
    }

    /** Why a checkpoint was refused, and which one this host had then. */
    private record Refusal(String why, @Nullable Checkpoint held) {}

    /** More than a primary has on their way, so that what it still has is among them. */
    private static final int REFUSALS_MAX = 2 * Protocol.MAX_CUTS;

    private final Host h;
    private final Map<Key, Stage> stages = new LinkedHashMap<>();
    /** What each of these is a delta on; 0 for what is whole. */
    private final Map<Key, Long> bases = new HashMap<>();

    private final NavigableSet<Key> toCommit = new TreeSet<>();
    /** Why states are not taken, until they come again: said more than once, as the word of it may be lost with a connection. */
    private final NavigableMap<Key, String> refusals = new TreeMap<>();

    private @Nullable Refusal logged;

    StatesReceived(Host h) {
        this.h = h;
    }

    private boolean follows(long term) {
        return h.state().role() == Role.SECONDARY && h.state().term() == term;
    }

    /** Whether this host holds that checkpoint, or a later one of the term. */
    private boolean holds(long term, long epoch) {
        Checkpoint held = h.state().checkpoint();
        return held != null && held.term() == term && held.epoch() >= epoch;
    }

    void begin(PeerMessage.StateBegin begin) {
        Key key = new Key(begin.term(), begin.epoch());
        Stage stage = stages.get(key);
        if ((stage != null && stage != Stage.ARRIVING) || holds(key.term, key.epoch)) {
            // What comes again must not touch a checkpoint that is being switched in.
            return;
        }
        if (!follows(key.term)) {
            refuse(key, "this host does not follow term " + key.term);
            refusals.put(key, "this host did not follow term " + key.term + " when it began");
            h.ownership.look();
            return;
        }
        String failure = h.copies.failure();
        if (failure != null) {
            refuse(key, failure);
            return;
        }
        if (stage != null) {
            drop(key);
        }
        giveUpWhatArrives();
        if (!hasRoom(key, begin.base())) {
            refuse(key, "as many checkpoints are on their way as this host keeps");
            return;
        }
        refusals.remove(key);
        stages.put(key, Stage.ARRIVING);
        bases.put(key, begin.base());
        // The store carries orders out in their order. If it cannot be settled, the state is refused, and comes again.
        h.copies.settleCommit();
        h.store().beginState(key.term, key.epoch, begin.base(), Reply.of(done -> {}, why -> failed(key, why)));
    }

    /** A primary sends one state after the other, so the rest of an earlier one does not come any more. */
    private void giveUpWhatArrives() {
        for (Key key : List.copyOf(stages.keySet())) {
            if (stages.get(key) == Stage.ARRIVING) {
                giveBack(key, "another one began before all of it had come");
            }
        }
    }

    /**
     * Whether a state can be kept beside those that are here, which are at most as many as a primary has on their way. What waits
     * for its base must not take the room of that, or of a whole state that makes up for it: the last of those gives way, and
     * comes again.
     */
    private boolean hasRoom(Key key, long base) {
        if (stages.size() < Protocol.MAX_CUTS) {
            return true;
        }
        for (Key last : toCommit.descendingSet()) {
            if (waitsForItsBase(last) && (base == 0 || last.compareTo(key) > 0)) {
                toCommit.remove(last);
                giveBack(last, "it gave way to what it waits for");
                return true;
            }
        }
        return false;
    }

    /** Drops what may well come again, which is no trouble. */
    private void giveBack(Key key, String why) {
        drop(key);
        say(key, why);
    }

    void chunk(PeerMessage.StateChunk chunk) {
        Key key = new Key(chunk.term(), chunk.epoch());
        if (stages.get(key) == Stage.ARRIVING) {
            h.store()
                    .writeState(
                            key.term,
                            key.epoch,
                            chunk.offset(),
                            chunk.bytes(),
                            Reply.of(done -> {}, why -> failed(key, why)));
        }
    }

    /** The rest of a state that was not taken is passed over. */
    private void failed(Key key, Trouble why) {
        if (stages.get(key) == Stage.ARRIVING || stages.get(key) == Stage.ENDED) {
            drop(key);
            refuse(key, why.text());
        }
    }

    private void drop(Key key) {
        forget(key);
        h.store().dropState(key.term, key.epoch);
    }

    private void forget(Key key) {
        stages.remove(key);
        bases.remove(key);
    }

    void end(PeerMessage.StateEnd end) {
        Key key = new Key(end.term(), end.epoch());
        if (holds(key.term, key.epoch)) {
            // It was committed before, and the word of it may be lost.
            Checkpoint held = h.state().checkpoint();
            h.send(new PeerMessage.Committed(key.term, held == null ? key.epoch : held.epoch()));
        }
        String refused = refusals.get(key);
        if (refused != null && follows(key.term)) {
            say(key, refused);
        }
        if (stages.get(key) != Stage.ARRIVING) {
            return;
        }
        stages.put(key, Stage.ENDED);
        h.store()
                .endState(
                        key.term,
                        key.epoch,
                        end.length(),
                        end.crc32c(),
                        Reply.of(done -> h.copies.onceDecided(() -> whole(key)), why -> failed(key, why)));
    }

    private void whole(Key key) {
        if (stages.get(key) != Stage.ENDED) {
            return;
        }
        boolean counts = h.core.take(new Action.StagePart(key.term, key.epoch, base(key)))
                || (follows(key.term) && h.state().staged().containsKey(key.epoch));
        if (!counts) {
            drop(key);
            return;
        }
        stages.put(key, Stage.WHOLE);
        toCommit.add(key);
        commit();
    }

    /** Switches the next whole state in, unless another one is, or a takeover is being decided, which waits for that one. */
    void commit() {
        Key key = h.state().committing() >= 0 || h.copies.isHeld() ? null : nextToCommit();
        if (key == null) {
            return;
        }
        toCommit.remove(key);
        if (!follows(key.term) || !h.core.take(new Action.AskCommit(key.epoch))) {
            // Nobody counts on it any more.
            drop(key);
            commit();
            return;
        }
        stages.put(key, Stage.COMMITTING);
        h.store().commitState(key.term, key.epoch, Reply.of(done -> committed(key), why -> notCommitted(key, why)));
    }

    /** The first that does not wait for its base: a base that does not come must not keep a whole state from being taken. */
    private @Nullable Key nextToCommit() {
        for (Key key : toCommit) {
            if (!follows(key.term) || !waitsForItsBase(key)) {
                return key;
            }
        }
        return null;
    }

    private long base(Key key) {
        return bases.getOrDefault(key, 0L);
    }

    private boolean waitsForItsBase(Key key) {
        Checkpoint held = h.state().checkpoint();
        return base(key) != 0 && (held == null || held.epoch() < base(key));
    }

    private void committed(Key key) {
        forget(key);
        if (h.core.take(new Action.Commit(key.epoch))) { // Refused where this host has stepped down meanwhile.
            dropUpTo(key);
        }
        isOver();
    }

    private void isOver() {
        commit();
        h.copies.goOn();
    }

    /** This one is committed: those before it are never needed, however much of them has come. */
    private void dropUpTo(Key committed) {
        refusals.headMap(committed, true).clear();
        for (Key key : List.copyOf(stages.keySet())) {
            if (key.compareTo(committed) <= 0) {
                toCommit.remove(key);
                drop(key);
            }
        }
    }

    private void notCommitted(Key key, Trouble why) {
        forget(key);
        h.copies.doubtful();
        h.core.take(new Action.CommitFailed(key.epoch));
        refuse(key, why.text());
        isOver();
    }

    /** A commit that failed was one after all: this is the checkpoint that a restart finds. None is under way. */
    void settled(@Nullable Checkpoint found) {
        if (found != null && follows(found.term()) && h.core.take(new Action.AskCommit(found.epoch()))) {
            h.core.must(new Action.Commit(found.epoch()));
            dropUpTo(new Key(found.term(), found.epoch()));
        }
    }

    private void refuse(Key key, String why) {
        Refusal now = new Refusal(why, h.state().checkpoint());
        if (!now.equals(logged)) {
            // Once for each reason, until a checkpoint was taken again: the primary sends it over and over.
            logged = now;
            h.log("a checkpoint cannot be taken: " + why);
        }
        say(key, why);
    }

    private void say(Key key, String why) {
        refusals.put(key, why);
        if (refusals.size() > REFUSALS_MAX) {
            refusals.pollFirstEntry();
        }
        h.send(new PeerMessage.StateRefused(key.term, key.epoch, why));
    }

    /** A new connection: what was said over the old one may not have arrived. */
    void sayAgain() {
        refusals.forEach((key, why) -> h.send(new PeerMessage.StateRefused(key.term, key.epoch, why)));
    }

    /** This host stops being secondary: drops what has arrived, after a commit that is under way. */
    void end() {
        toCommit.clear();
        refusals.clear();
        for (Key key : List.copyOf(stages.keySet())) {
            if (stages.get(key) != Stage.COMMITTING) {
                drop(key);
            }
        }
    }
}
