package dev.unwrite.conformance.sim;

import dev.unwrite.conformance.sim.Doings.Doing;
import dev.unwrite.conformance.sim.Move.Kind;
import dev.unwrite.conformance.sim.SimStorage.Reply;
import dev.unwrite.conformance.sim.SimStorage.Request;
import dev.unwrite.conformance.trace.RecordedEvent;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Role;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Brings a simulated world through what was recorded: for each recorded line it looks at the world and makes the moves whose
 * effect is that line. What comes out is a list of moves like any other; it needs no recording to be made again.
 */
final class Steering {
    /** With more messages under way, those that nobody will take any more are dropped. */
    private static final int MESSAGES_KEPT = 24;
    /** What nobody has claimed after so many lines was done beside what was recorded. */
    private static final int CLAIMED_WITHIN = 4_000;

    private static final int ALL = 0x7fff_ffff;

    private final Foresight foresight;
    private final List<RecordedEvent> events;
    private final Doings doings = new Doings();
    private final Tags tags = new Tags();
    private final List<Move> moves = new ArrayList<>();
    /** By block: what stands there, as the recording hashes it. */
    private final Map<Integer, Integer> stands = new HashMap<>();
    /** By block: the copies that see what is yet to be written there. */
    private final Map<Integer, List<Early>> early = new HashMap<>();

    /** By host: the next start of its process. */
    private final Map<Integer, RecordedEvent> starts = new HashMap<>();

    private final SimWorld world;
    private final ReplayTally tally;
    private boolean inTheMiddle;
    private final Predicate<RecordedEvent> losesPower;

    /** A copy that was asked for, and read when this stood in its block. */
    private record Early(int host, Tags.Tag tag, int sees) {}

    /**
     * @param blocks how many blocks the events name
     * @param losesPower whether a storage that starts had lost all that was not flushed: a real one does not say in its trace
     */
    Steering(List<RecordedEvent> events, int blocks, Predicate<RecordedEvent> losesPower, ReplayTally tally) {
        this.events = events;
        this.foresight = new Foresight(events);
        this.tally = tally;
        this.losesPower = losesPower;
        Move volume = new Move(Kind.VOLUME, 0, Math.min(blocks, SimStorage.BLOCKS_MAX), 0);
        this.world = SimWorld.of(List.of(volume), Tracing.into(doings));
        make(volume);
    }

    SimWorld world() {
        return world;
    }

    /** These moves come first; terms and epochs that began before the first line are then those that the world is in. */
    void begin(List<Move> beginning) {
        beginning.forEach(this::make);
        inTheMiddle = !beginning.isEmpty();
    }

    private Tags.Tag tag(long term, long epoch) {
        Tags.Tag known = tags.known(term, epoch);
        if (known != null || !inTheMiddle) {
            return known == null ? tags.of(term, epoch) : known;
        }
        SimHost owner = world.owner();
        return owner == null || !owner.isUp()
                ? tags.of(term, epoch)
                : new Tags.Tag(world.storage.record().term(), owner.state().epoch());
    }

    /** The moves so far, with the one that broke a property, if one did. */
    List<Move> moves() {
        return Collections.unmodifiableList(moves);
    }

    /** Takes the line with this number. Lines are taken in their order, each at most once; {@link Violation} as of any move. */
    void take(int line) {
        doings.begin(line);
        RecordedEvent e = events.get(line);
        if (ReplayTally.isReplayed(e, line) || foresight.answersFlush(line)) {
            taken(line, e);
        }
        if (e.action().equals("Apply")) {
            applied(e);
        }
        foresight.flushesAfter(line).forEach(host -> make(Kind.DO, host, SimHost.ASK_FLUSH));
        int next = foresight.nextStart(line);
        if (next >= 0) {
            starts.put(e.host(), events.get(next));
            end(e.host(), events.get(next));
        }
        dropStale();
        if (line % CLAIMED_WITHIN == 0) {
            doings.expire(line - CLAIMED_WITHIN);
        }
    }

    /** No line comes any more. */
    void end() {
        doings.expire(Integer.MAX_VALUE);
        doings.beside().forEach(tally::beside);
    }

    private void taken(int line, RecordedEvent e) {
        List<Doing> wanted = wanted(e);
        if (!doings.has(wanted)) {
            attempt(e, wanted);
        }
        if (!doings.has(wanted)) {
            unblock(e);
            attempt(e, wanted);
        }
        boolean whole = doings.has(wanted);
        String instead = whole
                ? ""
                : e.host() < 0 ? world.toString() : world.host(e.host()).toString();
        int at = doings.claim(wanted);
        tally.took(
                e,
                at < 0 ? ReplayTally.How.NOT : at < line ? ReplayTally.How.EARLIER : ReplayTally.How.IN_ORDER,
                instead);
        note(e, whole);
    }

    private void make(Kind kind, int host, int a, int b) {
        make(new Move(kind, host, a, b));
    }

    private void make(Kind kind, int host, int a) {
        make(kind, host, a, 0);
    }

    private void make(Move move) {
        moves.add(move);
        world.move(move);
    }

    // ---- What a line says that was done.

    private List<Doing> wanted(RecordedEvent e) {
        Tags.Tag tag = tag(e.term(), e.epoch());
        return switch (e.action()) {
            case "MachineWrite", "SendWrite", "WriteDone", "Apply" -> each(e, 0, 0);
            case "Flush" -> e.blocks().isEmpty() ? one(e, e.action(), 0, 0) : each(e, 0, 0);
            case "RecvPreserved", "ReadOld", "StoreCopy" -> each(e, tag.term(), tag.epoch());
            case "StagePart", "LearnCommitted", "Commit" -> one(e, e.action(), tag.term(), tag.epoch());
            case "Propose" -> one(e, "Propose " + e.change(), 0, 0);
            case "Record" ->
                one(e, "Record " + (e.record() == null ? "" : e.record().mode()), 0, 0);
            case "Boot" -> List.of(new Doing(-1, "Boot", 0, 0, -1));
            case "Destage" -> each(e, 0, 0);
            default -> one(e, e.action(), 0, 0);
        };
    }

    private static List<Doing> one(RecordedEvent e, String action, long term, long epoch) {
        return List.of(new Doing(e.host(), action, term, epoch, -1));
    }

    private static List<Doing> each(RecordedEvent e, long term, long epoch) {
        return e.blocks().stream()
                .map(block -> new Doing(e.host(), e.action(), term, epoch, block))
                .toList();
    }

    /** What the line says of the numbers of terms and epochs. */
    private void note(RecordedEvent e, boolean whole) {
        RecordedEvent.Ownership record = e.record();
        if (e.action().equals("Record") && record != null && whole) {
            tags.term(record.term(), world.storage.record().term());
        }
        RecordedEvent.After after = e.after();
        boolean begins = switch (e.action()) {
            case "Cut", "StartJoin", "Resume", "ColdRead" -> true;
            default -> false;
        };
        if (begins && after != null && world.host(e.host()).isUp()) {
            SimHost host = world.host(e.host());
            tags.epoch(
                    new Tags.Tag(after.term(), after.epoch()),
                    new Tags.Tag(host.state().term(), host.state().epoch()));
        }
    }

    // ---- The moves that do it.

    private void attempt(RecordedEvent e, List<Doing> wanted) {
        if (e.host() < 0) {
            ofStorage(e);
            return;
        }
        SimHost host = world.host(e.host());
        Tags.Tag tag = tag(e.term(), e.epoch());
        switch (e.action()) {
            case "Restart" -> restart(e, host);
            case "MachineWrite" ->
                make(Kind.WRITE, e.host(), e.blocks().getFirst(), e.blocks().size() - 1);
            case "RecvPreserved" -> receivePreserved(e, host, tag, wanted);
            case "SendWrite" -> send(e, host);
            case "Apply" -> store(e, wanted);
            case "WriteDone" -> reply(e, wanted);
            case "Flushed" -> storeFlush(e);
            case "Flush" -> {
                storeFlush(e);
                answer(reply -> reply.to() instanceof Request.Flush flush && isOfNow(flush, host.name));
            }
            case "Cut" -> make(Kind.CUT, e.host(), 0);
            case "LearnCommitted" -> {
                Predicate<Message> committed = m -> m instanceof Message.Committed && isFor(m, e.host(), tag);
                receive(committed, host.peer());
            }
            case "Speak" -> make(Kind.DO, e.host(), SimHost.SPEAK);
            case "FollowJoin" -> {
                long term = tag(e.record() == null ? 0 : e.record().term(), 0).term();
                receive(
                        m -> m instanceof Message.Part p && p.to() == e.host() && p.term() == term && p.offset() == 0,
                        host.peer());
            }
            case "BecomeSecondary", "Learn", "StepDown", "RestartRollback" -> make(Kind.DO, e.host(), SimHost.FOLLOW);
            case "StartJoin" -> {
                beUp(world.host(host.peer()));
                make(Kind.DO, e.host(), SimHost.OWN);
            }
            case "Resume", "ColdRead" -> make(Kind.DO, e.host(), SimHost.OWN);
            case "ReadOld" -> readOld(e, host, tag, wanted);
            case "StoreCopy" -> storeCopy(e, host, tag, wanted);
            case "StagePart" -> stagePart(e, host, tag, wanted);
            case "Commit" -> {
                make(Kind.DO, e.host(), SimHost.COMMIT);
                make(Kind.DO, e.host(), SimHost.DISCARD);
            }
            case "Propose" -> propose(e);
            case "Record" -> storeChange(e);
            case "GoAlone", "Protect", "TakeOver", "FinishRollback", "Bootstrap", "ColdStart", "ForceColdStart" ->
                answer(reply -> reply.to() instanceof Request.Change change
                        && change.host().equals(host.name));
            case "OpenSession" -> make(Kind.RECONNECT, e.host(), 0);
            case "AbortJoin" -> make(Kind.ABORT_JOIN, e.host(), 0);
            default -> {
                // A line that later versions may write is one that was not taken.
            }
        }
    }

    private void ofStorage(RecordedEvent e) {
        if (e.action().equals("Destage")) {
            e.blocks().forEach(block -> make(Kind.DESTAGE, 0, block));
        } else {
            make(Kind.STORAGE_CRASH, 0, losesPower.test(e) ? ALL : SimStorage.bits(e.blocks()));
        }
    }

    private static boolean isFor(Message m, int host, Tags.Tag tag) {
        return m.to() == host && m.term() == tag.term() && m.epoch() == tag.epoch();
    }

    private static boolean names(List<Extent> extents, List<Integer> blocks) {
        return extents.stream().anyMatch(extent -> names(extent, blocks));
    }

    private static boolean names(Extent extent, List<Integer> blocks) {
        return blocks.stream().anyMatch(block -> extent.first() <= block && block < extent.end());
    }

    /** Such a message arrives: one that is under way, else one that arrived before, else its sender says it once more. */
    private boolean receive(Predicate<Message> such, int sender) {
        if (deliver(such) || again(such)) {
            return true;
        }
        make(Kind.RESEND, sender, 0);
        return deliver(such);
    }

    private boolean deliver(Predicate<Message> such) {
        return make(Kind.DELIVER, 0, world.network.underWay(), such);
    }

    private boolean again(Predicate<Message> such) {
        return make(Kind.AGAIN, 0, world.network.arrived(), such);
    }

    /** Makes a move with the first of them that is such; false where none is. */
    private <T> boolean make(Kind kind, int host, List<T> among, Predicate<? super T> such) {
        int index = index(among, such);
        if (index >= 0) {
            make(kind, host, index);
        }
        return index >= 0;
    }

    private static <T> int index(List<T> list, Predicate<? super T> such) {
        for (int i = 0; i < list.size(); i++) {
            if (such.test(list.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private void receivePreserved(RecordedEvent e, SimHost host, Tags.Tag tag, List<Doing> wanted) {
        Predicate<Message> such =
                m -> m instanceof Message.Preserved p && isFor(m, e.host(), tag) && names(p.extents(), missing(wanted));
        while (!doings.has(wanted) && deliver(such)) {
            // One message for each write: a recorded line may tell of several.
        }
        if (!doings.has(wanted) && !again(such)) {
            // It was acknowledged once more, which no line tells.
            Predicate<Message> asks = m -> m instanceof Message.Preserve p
                    && isFor(m, host.peer(), tag)
                    && names(p.extents(), missing(wanted));
            if (receive(asks, e.host())) {
                deliver(such);
            }
        }
    }

    /** The blocks of what was not done yet. */
    private List<Integer> missing(List<Doing> wanted) {
        return wanted.stream()
                .filter(doing -> !doings.has(List.of(doing)))
                .map(Doing::block)
                .toList();
    }

    private void send(RecordedEvent e, SimHost host) {
        if (host.isUp()) {
            int first = e.blocks().getFirst();
            int index = index(host.sendable(), extent -> extent.first() == first);
            if (index >= 0) {
                make(Kind.SEND, e.host(), index, e.blocks().size() - 1);
            }
        }
    }

    private void store(RecordedEvent e, List<Doing> wanted) {
        String name = world.host(e.host()).name;
        Predicate<Request> such =
                r -> r instanceof Request.Write w && isOfNow(w, name) && names(w.extent(), missing(wanted));
        for (int i = 0; i < e.blocks().size() && !doings.has(wanted) && store(such); i++) {
            // A recorded write may be several here.
        }
    }

    private boolean store(Predicate<Request> such) {
        return make(Kind.STORE, 0, world.storage.wire, such);
    }

    private boolean answer(Predicate<Reply> such) {
        return make(Kind.REPLY, 0, world.storage.replies, such);
    }

    private void reply(RecordedEvent e, List<Doing> wanted) {
        String name = world.host(e.host()).name;
        Predicate<Reply> such = reply ->
                reply.to() instanceof Request.Write w && isOfNow(w, name) && names(w.extent(), missing(wanted));
        for (int i = 0; i < e.blocks().size() && !doings.has(wanted) && answer(such); i++) {
            // As for the write itself.
        }
    }

    private void storeFlush(RecordedEvent e) {
        String name = world.host(e.host()).name;
        store(r -> r instanceof Request.Flush f && isOfNow(f, name));
    }

    private void storeChange(RecordedEvent e) {
        String name = world.host(e.host()).name;
        String mode = e.record() == null ? "" : e.record().mode();
        Predicate<Request> such = r -> r instanceof Request.Change c
                && isOfNow(c, name)
                && c.expect() == world.storage.record().version()
                && c.next().mode().wire().equals(mode);
        if (!store(such) && mode.equals("rollback")) {
            // What was asked for is gone, with a start of the storage that came before it: it is asked for once more.
            make(Kind.RESEND, e.host(), 0);
            make(Kind.TAKE_OVER, e.host(), 0);
            store(such);
        }
    }

    /** Whether it is of the host's newest session: of an earlier one it has no effect any more, or should have none. */
    private boolean isOfNow(Request request, String host) {
        return request.host().equals(host) && world.storage.isNewest(host, request.session());
    }

    private void propose(RecordedEvent e) {
        switch (Action.Change.valueOf(e.change())) {
            case TAKE_OVER -> make(Kind.TAKE_OVER, e.host(), 0);
            case GO_ALONE -> make(Kind.GO_ALONE, e.host(), 0);
            case FORCE_COLD_START -> make(Kind.FORCE_COLD, e.host(), 0);
            default -> make(Kind.DO, e.host(), SimHost.OWN);
        }
    }

    // ---- The mirror.

    private void readOld(RecordedEvent e, SimHost host, Tags.Tag tag, List<Doing> wanted) {
        Predicate<Message> such =
                m -> m instanceof Message.Preserve p && isFor(m, e.host(), tag) && names(p.extents(), missing(wanted));
        while (!doings.has(wanted) && deliver(such)) {
            // One message for each write: a recorded line may tell of several.
        }
        if (!doings.has(wanted)) {
            receive(such, host.peer());
        }
        for (int block : e.blocks()) {
            Integer seen = foresight.read(e.host(), e.term(), e.epoch(), block);
            Integer now = stands.get(block);
            if (now == null || now.equals(seen)) {
                read(e.host(), w -> isOf(w, tag, block));
            } else if (seen != null) {
                early.computeIfAbsent(block, b -> new ArrayList<>()).add(new Early(e.host(), tag, seen));
            }
        }
    }

    private static boolean isOf(Mirror.Wanted copy, Tags.Tag tag, int block) {
        return copy.key.equals(new CopyKey(tag.term(), tag.epoch())) && names(copy.extent, List.of(block));
    }

    /** The block is read for the copy, if that has not been done. */
    private void read(int host, Predicate<Mirror.Wanted> such) {
        if (world.host(host).is(Role.SECONDARY)) {
            make(Kind.COPY, host, world.host(host).mirror().wanted(), w -> w.values == null && such.test(w));
        }
    }

    /** The copy is read, if that has not been done, and becomes durable. */
    private void keep(SimHost host, Tags.Tag tag, int block) {
        read(host.index, w -> isOf(w, tag, block));
        if (host.is(Role.SECONDARY)) {
            make(Kind.COPY, host.index, host.mirror().wanted(), w -> isOf(w, tag, block));
        }
    }

    /** What stands in the blocks now; copies that are known to have seen it are read. */
    private void applied(RecordedEvent e) {
        for (int i = 0; i < Math.min(e.blocks().size(), e.values().size()); i++) {
            int block = e.blocks().get(i);
            int value = e.values().get(i);
            stands.put(block, value);
            List<Early> waiting = early.getOrDefault(block, List.of());
            waiting.stream()
                    .filter(copy -> copy.sees == value)
                    .forEach(copy -> read(copy.host, w -> isOf(w, copy.tag, block)));
            if (!waiting.isEmpty()) {
                waiting.removeIf(copy -> copy.sees == value);
            }
        }
    }

    private void storeCopy(RecordedEvent e, SimHost host, Tags.Tag tag, List<Doing> wanted) {
        for (int block : e.blocks()) {
            if (missing(wanted).contains(block)) {
                keep(host, tag, block);
            }
        }
    }

    private void stagePart(RecordedEvent e, SimHost host, Tags.Tag tag, List<Doing> wanted) {
        Predicate<Message> part = m -> m instanceof Message.Part && isFor(m, e.host(), tag);
        while (!doings.has(wanted) && deliver(part)) {
            // The parts come in the order in which they were sent.
        }
        if (!doings.has(wanted)) {
            make(Kind.RESEND, host.peer(), 0);
            while (!doings.has(wanted) && deliver(part)) {
                // As above.
            }
        }
    }

    // ---- Ends and starts of processes.

    private void end(int host, RecordedEvent restart) {
        SimHost dying = world.host(host);
        if (!dying.isUp()) {
            return;
        }
        RecordedEvent.After found = restart.after();
        if (dying.is(Role.SECONDARY) && found != null) {
            becomeDurable(dying, restart, found);
        }
        if (dying.isUp()) {
            make(Kind.CRASH, host, 0);
        }
    }

    /** The next start finds what became durable and no line tells of. */
    private void becomeDurable(SimHost dying, RecordedEvent restart, RecordedEvent.After found) {
        for (RecordedEvent.Copy copy : restart.copies()) {
            keep(dying, tag(copy.term(), copy.epoch()), copy.block());
        }
        Tags.Tag held = tag(found.checkpointTerm(), found.checkpointEpoch());
        Checkpoint now = dying.isUp() ? dying.state().checkpoint() : null;
        boolean other = now == null || now.term() != held.term() || now.epoch() != held.epoch();
        if (found.checkpointEpoch() >= 0
                && other
                && dying.isUp()
                && dying.state().staged().contains(held.epoch())) {
            make(Kind.DO, dying.index, SimHost.COMMIT);
        }
    }

    /**
     * That it was there is told by heartbeats, of which there are no lines: its start may come later in the order than what
     * was done because of it.
     */
    private void beUp(SimHost host) {
        RecordedEvent start = starts.get(host.index);
        if (!host.isUp() && start != null) {
            restart(start, host);
        }
    }

    private void restart(RecordedEvent e, SimHost host) {
        if (host.isUp()) {
            make(Kind.CRASH, e.host(), 0);
        }
        RecordedEvent.After after = e.after();
        boolean empty =
                after != null && after.checkpointEpoch() < 0 && e.copies().isEmpty();
        if (empty && host.holdsSomething()) {
            make(Kind.REPLACE, e.host(), 0);
        }
        make(Kind.RESTART, e.host(), 0);
    }

    // ---- What stands in the way.

    /** A change of the record whose refusal no line tells holds up most of what a host does. */
    private void unblock(RecordedEvent e) {
        if (e.host() < 0 || e.storage()) {
            return;
        }
        SimHost host = world.host(e.host());
        if (host.isUp() && host.state().proposal() != null) {
            OwnershipRecord now = world.storage.record();
            store(r -> r instanceof Request.Change c && c.host().equals(host.name) && c.expect() != now.version());
            answer(reply ->
                    reply.to() instanceof Request.Change change && change.host().equals(host.name) && !reply.agreed());
            if (host.state().proposal() != null && e.action().equals("Propose")) {
                make(Kind.RESEND, e.host(), 0);
            }
        }
    }

    /** Messages of terms that are over, and of epochs whose copies are not needed any more. */
    private void dropStale() {
        if (world.network.underWay().size() <= MESSAGES_KEPT) {
            return;
        }
        OwnershipRecord record = world.storage.record();
        for (int i = world.network.underWay().size() - 1; i >= 0; i--) {
            Message message = world.network.underWay().get(i);
            if (message.term() < record.term() || message.epoch() < committed(record.term())) {
                make(Kind.DROP, 0, i);
            }
        }
        while (world.network.underWay().size() > 4 * MESSAGES_KEPT) {
            make(Kind.DROP, 0, 0);
        }
    }

    private long committed(long term) {
        long epoch = 0;
        for (int i = 0; i < 2; i++) {
            SimHost host = world.host(i);
            Checkpoint held = host.isUp() ? host.state().checkpoint() : null;
            if (held != null && held.term() == term) {
                epoch = Math.max(epoch, held.epoch());
            }
        }
        return epoch;
    }
}
