package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.CopySources.Source;
import dev.unwrite.conformance.trace.NodeLog.Tag;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.conformance.trace.TraceEvent.FoundCopy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts the events of all processes into one order that respects what caused what, and says which step of the
 * specification each one is. Clocks only choose among events of which any may be next. See conformance/README.md.
 */
final class Merger {
    /** A step that keeps the set of messages small is put in after so many others. */
    private static final int LOSE_EVERY = 128;

    /** And after so many checkpoints: each is a message for every block. */
    private static final int LOSE_AFTER_CUTS = 4;

    private final Map<String, NodeLog> nodes = new TreeMap<>();
    private final Map<String, HostShadow> shadows = new HashMap<>();
    private final Map<String, ProcessChecks> processes = new HashMap<>();
    private final StorageContents contents = new StorageContents();
    private final StorageChecks checks = new StorageChecks(contents);
    private final Identities ids = new Identities();
    private final StorageLog storage;
    private final CopySources sources;
    private final BlockTable blocks;
    private final StepList out;

    private final Set<Tag> cuts = new HashSet<>();
    private final Set<Tag> commits = new HashSet<>();
    private final Map<Tag, Set<Integer>> asked = new HashMap<>();
    private final Map<Tag, Set<Integer>> stored = new HashMap<>();
    private final Map<Write, Progress> writes = new HashMap<>();
    private final Set<Long> sessions = new HashSet<>();
    private final Map<String, Long> newest = new HashMap<>();
    private @Nullable TraceEvent record;
    private long version;
    private long lastLose;
    private int cutsSince;
    private Tag newestCut = new Tag(0, 0);
    private @Nullable TraceEvent last;
    /** Whether the last event is taken although it may not come. */
    private boolean forced;

    /** The writes of one block in one session: one at a time. */
    private record Write(String node, long session, int block) {}

    private static final class Progress {
        int sent;
        int applied;
        int done;
        /** Whether the last one was sent with FUA. */
        boolean fua;
    }

    Merger(TraceFolder folder) {
        storage = new StorageLog(folder.storage());
        sources = new CopySources(folder.nodes(), folder.storage());
        blocks = new BlockTable(folder);
        Map<String, String> hosts = new HashMap<>();
        folder.nodes().forEach((name, events) -> {
            hosts.put(name, hosts.isEmpty() ? "A" : "B");
            nodes.put(name, new NodeLog(name, events, storage));
            shadows.put(name, new HostShadow());
            processes.put(name, new ProcessChecks(name));
        });
        for (TraceEvent event : folder.storage()) {
            for (String field : List.of("owner", "secondary")) {
                String name = event.record().path(field).asText();
                if (!name.isEmpty() && hosts.size() < 2) {
                    hosts.putIfAbsent(name, hosts.containsValue("A") ? "B" : "A");
                }
            }
        }
        out = new StepList(hosts);
    }

    int blocks() {
        return blocks.size();
    }

    BlockTable table() {
        return blocks;
    }

    /** The steps so far. */
    List<MergedStep> steps() {
        return out.steps();
    }

    /** The event that was looked at last, or null before the first. */
    @Nullable
    TraceEvent last() {
        return last;
    }

    List<MergedStep> merge() throws MergeRejectedException, TraceFormatException {
        for (Next next = next(); next != null; next = next()) {
            last = next.event();
            place(next);
            advance(next);
            loseMessages();
        }
        checkEnd();
        return out.steps();
    }

    /** The log whose head is to be taken: of a node, or, with null, of the storage. */
    private record Next(TraceEvent event, @Nullable NodeLog node) {}

    /** What may come and is the earliest; null if nothing may. */
    private @Nullable Next next() {
        TraceEvent best = null;
        NodeLog bestNode = null;
        for (NodeLog node : nodes.values()) {
            if (!node.atEnd()
                    && waits(node) == null
                    && (best == null || node.head().time() < best.time())) {
                best = node.head();
                bestNode = node;
            }
        }
        boolean isStorage =
                !storage.atEnd() && (best == null || storage.head().time() < best.time()) && waits() == null;
        if (isStorage) {
            return new Next(storage.head(), null);
        }
        return bestNode == null ? null : new Next(bestNode.head(), bestNode);
    }

    private void place(Next next) throws MergeRejectedException, TraceFormatException {
        if (next.node() == null) {
            place(next.event());
        } else {
            place(next.node());
        }
    }

    private void advance(Next next) {
        if (next.node() == null) {
            storage.advance();
        } else {
            next.node().advance();
        }
    }

    /** All events in an order, and the first that has no place in it, if there is one, and why. */
    record Order(List<TraceEvent> events, @Nullable String displaced) {}

    /**
     * The order for those who want to see what happened, allowed or not: an event that may never come is taken when nothing
     * else may, the earliest first. Instead of {@link #merge}, whose order it is as long as every event has a place.
     */
    Order order() throws TraceFormatException {
        List<TraceEvent> events = new ArrayList<>();
        String displaced = null;
        while (true) {
            Next next = next();
            if (next == null) {
                next = stuck();
                if (next == null) {
                    return new Order(events, displaced);
                }
                displaced = displaced == null ? next.event().place() + ": " + why(next) : displaced;
            }
            events.add(next.event());
            try {
                place(next);
            } catch (MergeRejectedException e) {
                displaced = displaced == null ? next.event().place() + ": " + e.getMessage() : displaced;
            }
            advance(next);
            out.forget();
        }
    }

    /** The earliest of those that wait; null if none is left. */
    private @Nullable Next stuck() {
        Next stuck = null;
        for (NodeLog node : nodes.values()) {
            if (!node.atEnd()
                    && (stuck == null || node.head().time() < stuck.event().time())) {
                stuck = new Next(node.head(), node);
            }
        }
        if (!storage.atEnd()
                && (stuck == null || storage.head().time() < stuck.event().time())) {
            stuck = new Next(storage.head(), null);
        }
        return stuck;
    }

    private String why(Next stuck) {
        return stuck.event().action() + " waits for " + (stuck.node() == null ? waits() : waits(stuck.node()));
    }

    private void checkEnd() throws MergeRejectedException {
        Next stuck = stuck();
        if (stuck != null) {
            String why = why(stuck);
            int certain = out.steps().size();
            force(stuck);
            throw new MergeRejectedException(stuck.event(), why, certain);
        }
    }

    /** Takes the event where it may not come, so that the specification can say why not. */
    private void force(Next stuck) {
        forced = true;
        try {
            place(stuck);
        } catch (MergeRejectedException | TraceFormatException e) {
            // Then there is nothing to say but what it waits for.
        }
    }

    // ---- What an event has to wait for: null if for nothing, else words for a person.

    private @Nullable String waits(NodeLog node) {
        TraceEvent e = node.head();
        if (e.after("version") > version || e.recordVersion() > version) {
            return "version " + Math.max(e.after("version"), e.recordVersion()) + " of the record";
        }
        if (record == null && e.recordVersion() >= 0) {
            return "Boot of the storage";
        }
        if (shadow(node).ignored) {
            return null;
        }
        return switch (e.action()) {
            case "Restart" -> waitsToRestart(node);
            case "RecvPreserved" -> missing(e, stored, "StoreCopy of the other node");
            case "StoreCopy" -> waitsForRead(e);
            case "ReadOld" -> missing(e, asked, "MachineWrite of the other node that asks for the copy");
            case "FollowJoin" -> waitsForJoin(e.record().path("term").asLong());
            case "StagePart" -> cuts.contains(e.tag()) ? null : "the cut of " + show(e.tag());
            case "LearnCommitted" -> commits.contains(e.tag()) ? null : "Commit of " + show(e.tag());
            case "WriteDone" -> waitsForApply(node, e);
            case "Flush" -> checks.missingFlush(e);
            case "OpenSession", "TakeOver", "RestartRollback", "Bootstrap", "ColdStart", "ForceColdStart" ->
                sessions.contains(e.number("session")) ? null : "session " + e.number("session") + " at the storage";
            default -> null;
        };
    }

    private @Nullable String waitsToRestart(NodeLog node) {
        return storage.changedBy(version + 1).equals(node.name()) && node.askedBefore(version)
                ? "version " + (version + 1) + " of the record, which an earlier process asked for"
                : waitsForFound(node);
    }

    /** What a host that came back had when it ended and has not any more, in words for a person, or null. */
    private @Nullable String missing(NodeLog node, TraceEvent restart) {
        HostShadow shadow = shadow(node);
        Tag had = shadow.checkpoint;
        if (restart.after("ckptEpoch") >= 0) {
            return null; // Whether it is the one that it had is compared with the specification.
        }
        if (had != null) {
            return "its checkpoint of " + show(had);
        }
        return restart.after("copies") == 0 && !shadow.log.isEmpty() ? "the copies that it had stored" : null;
    }

    private @Nullable String waitsForJoin(long term) {
        return cuts.stream().anyMatch(cut -> cut.term() == term) ? null : "StartJoin in term " + term;
    }

    private @Nullable String missing(TraceEvent e, Map<Tag, Set<Integer>> there, String what) {
        Set<Integer> known = there.getOrDefault(e.tag(), Set.of());
        for (BlockId block : e.blocks()) {
            if (!known.contains(blocks.number(block))) {
                return what + " for " + show(block) + " in " + show(e.tag());
            }
        }
        return null;
    }

    private @Nullable String waitsForRead(TraceEvent storeCopy) {
        for (BlockId block : storeCopy.blocks()) {
            String wait = waitsForRead(block, storeCopy.tag(), sources.ofStored(storeCopy, block));
            if (wait != null) {
                return wait + " in session " + storeCopy.number("session");
            }
        }
        return null;
    }

    private @Nullable String waitsForFound(NodeLog node) {
        for (FoundCopy copy : node.head().found()) {
            if (isStoredUnseen(node, copy)) {
                String wait = waitsForRead(copy.block(), copy.tag(), sources.ofFound(node.name(), copy));
                if (wait != null) {
                    return wait;
                }
            }
        }
        return null;
    }

    /** What was read may be taken before its line, as soon as the block holds it: the order of each block counts. */
    private @Nullable String waitsForRead(BlockId block, Tag tag, @Nullable Source source) {
        return source != null && source.isKnown() && source.isThere(storage.taken())
                ? null
                : "Read of " + show(block) + " in " + show(tag) + " at the storage";
    }

    private @Nullable String waitsForApply(NodeLog node, TraceEvent e) {
        for (BlockId block : e.blocks()) {
            Progress write = write(node.name(), e.after("session"), blocks.number(block));
            if (write.applied <= write.done) {
                return "Apply of " + show(block) + " in session " + e.after("session") + " at the storage";
            }
            if (write.fua && contents.isUnflushed(block)) {
                return "a flush at the storage after the write of " + show(block) + " with FUA";
            }
        }
        return null;
    }

    /** The same for the head of the storage. */
    private @Nullable String waits() {
        TraceEvent e = storage.head();
        return switch (e.action()) {
            case "Apply" -> waitsForSend(e);
            case "Read" -> waitsForReadOld(e);
            case "Record" -> waitsForReaders(e);
            case "Boot" -> {
                for (NodeLog node : nodes.values()) {
                    TraceEvent before = node.beforeBoot(e.number("boot"));
                    if (before != null) {
                        yield before.action() + " at " + before.place();
                    }
                }
                yield null;
            }
            default -> null;
        };
    }

    private @Nullable String waitsForSend(TraceEvent e) {
        if (e.isUncertain()) {
            return null;
        }
        for (BlockId block : e.blocks()) {
            Progress write = write(e.text("host"), e.number("session"), blocks.number(block));
            if (write.sent <= write.applied) {
                return "SendWrite of " + show(block) + " in session " + e.number("session");
            }
        }
        return null;
    }

    private @Nullable String waitsForReadOld(TraceEvent e) {
        for (BlockId block : e.blocks()) {
            Source source = sources.readAt(storage.taken(), e, block);
            if (source != null && source.asked >= node(source.node).taken()) {
                return "ReadOld of " + show(block) + " in " + show(source.tag);
            }
        }
        return null;
    }

    private @Nullable String waitsForReaders(TraceEvent e) {
        for (NodeLog node : nodes.values()) {
            TraceEvent before = node.beforeRecord(
                    e.recordVersion(),
                    e.record().path("term").asLong(),
                    node.name().equals(e.text("host")));
            if (before != null) {
                return before.action() + " at " + before.place();
            }
        }
        return null;
    }

    // ---- The storage.

    private void place(TraceEvent e) throws MergeRejectedException, TraceFormatException {
        refuse(e, checks.complaint(e));
        switch (e.action()) {
            case "Boot" -> boot(e);
            case "Session" -> {
                sessions.add(e.number("session"));
                newest.put(e.text("host"), e.number("session"));
            }
            case "Record" -> changeRecord(e);
            case "Apply" -> apply(e);
            case "Read" -> read(e);
            case "Flushed" -> destage(e, contents.flushed((int) e.number("volume")));
            case "Destage" ->
                destage(e, e.blocks().stream().filter(contents::destaged).toList());
            case "Refused" -> {
                // Was counted by the checks; what was refused is no step.
            }
            default -> throw new TraceFormatException(e.place() + ": there is no event " + e.action());
        }
    }

    private void boot(TraceEvent e) throws TraceFormatException, MergeRejectedException {
        refuse(e, ids.booted(e));
        if (record == null && e.recordVersion() != 0) {
            throw new TraceFormatException(
                    e.place() + ": the trace does not begin with a new group, but with version " + e.recordVersion());
        }
        if (record == null) {
            record = e;
        } else {
            lose(e);
            shadows.values().forEach(shadow -> shadow.sessionLost = true);
        }
        newest.clear();
    }

    /** Steps Destage(b) of the blocks in one. */
    private void destage(TraceEvent e, List<BlockId> durable) {
        if (!durable.isEmpty()) {
            out.of("Destage", "", e).blocks(numbers(durable)).add();
        }
    }

    private void lose(TraceEvent e) {
        List<BlockId> lost = e.lost();
        out.of("StorageCrash", "", e).blocks(numbers(lost)).add();
        contents.booted(lost);
    }

    private List<Integer> numbers(List<BlockId> those) {
        return those.stream().map(blocks::number).toList();
    }

    private void apply(TraceEvent e) throws MergeRejectedException {
        String node = e.text("host");
        if (e.isUncertain()) {
            e.blocks().forEach(contents::failed);
            return;
        }
        if (!e.hasValues()) {
            throw new MergeRejectedException(e, "a write of parts of blocks");
        }
        if (newest.getOrDefault(node, -1L) != e.number("session")) {
            throw new MergeRejectedException(
                    e,
                    "OneConnection: a write of session " + e.number("session") + " was applied after a later one of "
                            + node + " had begun");
        }
        e.eachValue((block, hash) -> {
            int number = blocks.number(block);
            write(node, e.number("session"), number).applied++;
            contents.applied(block, hash);
            out.of("Apply", node, e)
                    .block(number)
                    .value(blocks.value(number, hash))
                    .add();
        });
    }

    private void read(TraceEvent e) {
        e.eachValue(contents::seen);
        for (BlockId block : e.blocks()) {
            Source source = sources.readAt(storage.taken(), e, block);
            if (source != null) {
                readOld(source.node, source.tag, block, e);
            }
        }
    }

    /** The step ReadOld or ReadAround of the block, unless it was taken before. */
    private void readOld(String node, Tag tag, BlockId block, TraceEvent e) {
        int number = blocks.number(block);
        String step = shadow(node(node)).reads(tag, number);
        if (step != null) {
            out.of(step, node, e).block(number).tag(tag).add();
        }
    }

    private void changeRecord(TraceEvent e) throws MergeRejectedException {
        String node = e.text("host");
        String action = RecordChanges.action(record, e);
        NodeLog log = nodes.get(node);
        if (action == null || log == null || e.recordVersion() != version + 1) {
            throw new MergeRejectedException(e, "no action of the specification changes the record like this");
        }
        if (!log.hasProposed(version)) {
            throw new MergeRejectedException(e, node + " never asked for this change of the record");
        }
        if (!log.asked(version).equals(action)) {
            throw new MergeRejectedException(e, node + " asked for " + log.asked(version) + ", this is " + action);
        }
        record = e;
        version = e.recordVersion();
        checks.granted(node, action, version);
        HostShadow shadow = shadow(log);
        shadow.sessionLost = false;
        switch (action) {
            case "TakeOver" -> {
                TraceEvent restart = log.nextRestartBefore(Set.of("TakeOver", "StepDown"));
                if (restart != null) {
                    int found = shadow.found;
                    recoverCopies(log, restart);
                    shadow.found = found;
                }
                shadow.abandon();
            }
            case "Bootstrap", "ColdStart", "ForceColdStart" -> shadow.coldDirty = true;
            default -> {
                // Changes nothing that is kept here.
            }
        }
        out.of(action, node, e).changes().add();
    }

    // ---- The nodes.

    private void refuse(TraceEvent e, @Nullable String complaint) throws MergeRejectedException {
        if (complaint != null && !forced) {
            throw new MergeRejectedException(e, complaint);
        }
    }

    private void place(NodeLog node) throws MergeRejectedException, TraceFormatException {
        TraceEvent e = node.head();
        refuse(e, java.util.Objects.requireNonNull(processes.get(node.name())).complaint(e));
        refuse(e, checks.ofNode(node.name(), e));
        HostShadow shadow = shadow(node);
        if (shadow.ignored && !e.action().equals("StepDown") && !e.action().equals("Restart")) {
            return;
        }
        switch (e.action()) {
            case "MachineWrite" -> machineWrite(node, e);
            case "RecvPreserved" -> eachBlock(node, e, true);
            case "SendWrite" -> {
                for (BlockId block : e.blocks()) {
                    Progress write = write(node.name(), e.after("session"), blocks.number(block));
                    write.sent++;
                    write.fua = e.number("fua") == 1;
                }
                eachBlock(node, e, false);
            }
            case "WriteDone" -> {
                for (BlockId block : e.blocks()) {
                    write(node.name(), e.after("session"), blocks.number(block)).done++;
                    checks.done(e.after("session"), block);
                }
                eachBlock(node, e, false);
            }
            case "ReadOld", "ReadAround" -> askedToRead(node, e);
            case "StoreCopy" -> storeCopy(node, e);
            case "Flush" -> flush(node, e);
            case "MachineFlush" -> {
                shadow(node).askedFlush((int) e.number("id"));
                add(out.of(e.action(), node.name(), e)
                        .value((int) e.number("id"))
                        .blocks(numbers(e.blocks())));
            }
            case "AnswerFlush" ->
                add(out.of(e.action(), node.name(), e)
                        .value((int) e.number("id"))
                        .blocks(List.copyOf(shadow(node).answeredFlush((int) e.number("id")))));
            case "Cut", "StartJoin" -> {
                cuts.add(e.tag());
                cutsSince++;
                newestCut = e.tag().compareTo(newestCut) > 0 ? e.tag() : newestCut;
                add(out.of(e.action(), node.name(), e).tag(e.tag()).value((int) e.number("delta")));
            }
            case "StagePart" -> {
                shadow.staged.add(e.tag());
                simple(node, e);
            }
            case "Commit" -> commit(node, e.tag(), e, null);
            case "FollowJoin" -> followJoin(node, e);
            case "Resume", "ColdRead" -> {
                // The checkpoint was durably gone before: a start that finds it is one that should not be.
                shadow.discardAll();
                simple(node, e);
            }
            case "OpenSession" -> openSession(node, e);
            case "StepDown" -> stepDown(node, e);
            case "Restart" -> restart(node, e);
            case "Speak" -> speak(node, e);
            case "GoAlone", "Protect", "FinishRollback" -> add(out.of("Stutter", node.name(), e));
            case "TakeOver", "Bootstrap", "ColdStart", "ForceColdStart" -> granted(node, e);
            case "LearnCommitted", "BecomeSecondary", "Learn", "AbortJoin", "RestartRollback" -> simple(node, e);
            case "Propose" -> add(out.of("Stutter", node.name(), e)); // The change of the record comes later.
            default -> throw new TraceFormatException(e.place() + ": there is no event " + e.action());
        }
        shadow.restoring = e.afterText("role").equals("restoring");
    }

    private void simple(NodeLog node, TraceEvent e) {
        add(out.of(e.action(), node.name(), e).tag(e.tag()));
    }

    private void add(StepList.Draft draft) {
        draft.compare(shadows).add();
    }

    /** The step itself was taken where the storage changed the record; its session may have been lost since. */
    private void granted(NodeLog node, TraceEvent e) {
        if (shadow(node).sessionLost) {
            shadow(node).sessionLost = false;
            out.of("OpenSession", node.name(), e)
                    .hidden("a session that the storage forgot before it was used")
                    .add();
        }
        add(out.of("Stutter", node.name(), e));
    }

    private void machineWrite(NodeLog node, TraceEvent e) {
        List<BlockId> extent = e.blocks();
        Tag now = new Tag(e.after("term"), e.after("epoch"));
        for (int i = 0; i < extent.size(); i++) {
            int number = blocks.number(extent.get(i));
            if (!e.afterText("mode").equals("solo")) {
                asked.computeIfAbsent(now, tag -> new HashSet<>()).add(number);
            }
            shadow(node).machineWrote(number);
            StepList.Draft draft =
                    out.of("MachineWrite", node.name(), e).block(number).value(blocks.value(number, e.value(i)));
            last(draft, i + 1 == extent.size());
        }
    }

    private void last(StepList.Draft draft, boolean last) {
        if (last) {
            add(draft);
        } else {
            draft.add();
        }
    }

    private void eachBlock(NodeLog node, TraceEvent e, boolean tagged) {
        List<BlockId> extent = e.blocks();
        if (extent.isEmpty()) {
            add(out.of("Stutter", node.name(), e));
        }
        for (int i = 0; i < extent.size(); i++) {
            StepList.Draft draft = out.of(e.action(), node.name(), e)
                    .block(blocks.number(extent.get(i)))
                    .value((int) e.number("fua"));
            last(tagged ? draft.tag(e.tag()) : draft, i + 1 == extent.size());
        }
    }

    /** The storage says when a block was read that became a copy; of any other nobody can tell, and it does not matter. */
    private void askedToRead(NodeLog node, TraceEvent e) {
        for (BlockId block : e.blocks()) {
            shadow(node).askedToRead(e.tag(), blocks.number(block), e.action());
            if (!sources.isKept(node.name(), node.taken(), block)) {
                readOld(node.name(), e.tag(), block, e);
            }
        }
        add(out.of("Stutter", node.name(), e));
    }

    private void storeCopy(NodeLog node, TraceEvent e) {
        List<BlockId> extent = e.blocks();
        // All of it was read before any of it was stored (rule AroundWhileAsked).
        extent.forEach(block -> readOld(node.name(), e.tag(), block, e));
        for (int i = 0; i < extent.size(); i++) {
            int number = blocks.number(extent.get(i));
            store(node, e.tag(), number);
            StepList.Draft draft = out.of("StoreCopy", node.name(), e)
                    .block(number)
                    .tag(e.tag())
                    .value(blocks.value(number, e.value(i)));
            last(draft, i + 1 == extent.size());
        }
    }

    private void store(NodeLog node, Tag tag, int block) {
        shadow(node).store(tag, block);
        stored.computeIfAbsent(tag, t -> new HashSet<>()).add(block);
    }

    private void commit(NodeLog node, Tag tag, TraceEvent e, @Nullable String hidden) {
        shadow(node).commit(tag);
        commits.add(tag);
        StepList.Draft draft = out.of("Commit", node.name(), e).tag(tag);
        if (hidden == null) {
            add(draft);
        } else {
            draft.hidden(hidden).add();
        }
    }

    private void flush(NodeLog node, TraceEvent e) {
        HostShadow shadow = shadow(node);
        checks.answeredFlush(e);
        boolean cold = e.afterText("role").equals("cold");
        if (cold && !shadow.coldDirty) {
            add(out.of("Stutter", node.name(), e)); // It flushed before.
            return;
        }
        shadow.coldDirty &= !cold;
        add(out.of("Flush", node.name(), e).blocks(numbers(e.blocks())));
    }

    private void openSession(NodeLog node, TraceEvent e) {
        HostShadow shadow = shadow(node);
        if (storage.isLate(e)) {
            // Another host is the owner: nothing that this one does has an effect, until it notices.
            shadow.ignored = true;
            return;
        }
        shadow.coldDirty = e.afterText("role").equals("cold");
        simple(node, e);
    }

    private void speak(NodeLog node, TraceEvent e) {
        add(out.of("Speak", node.name(), e).tag(new Tag(e.after("term"), e.number("said"))));
    }

    // ---- Crashes.

    /** Steps that change local storage: the process may have been killed before they were durable. */
    private void followJoin(NodeLog node, TraceEvent e) {
        HostShadow shadow = shadow(node);
        TraceEvent restart = node.nextRestart();
        long term = e.record().path("term").asLong();
        if (restart != null && !node.comesBeforeRestart(Set.of("Commit", "StoreCopy", "FollowJoin"))) {
            long held = restart.after("ckptTerm");
            if (held != 0 && held != term) {
                shadow.ignored = true;
                return;
            }
        }
        shadow.follow(term);
        simple(node, e);
    }

    private void stop(NodeLog node) {
        shadow(node).abandon();
        shadow(node).forgetFlushes();
    }

    /**
     * A host that never heard the answer to its own change of the record stands aside and begins anew: to the
     * specification, where change and answer are one step, that is a crash.
     */
    private void stepDown(NodeLog node, TraceEvent e) {
        shadow(node).ignored = false;
        stop(node);
        if (e.record().path("owner").asText().equals(node.name())) {
            out.of("Crash", node.name(), e)
                    .hidden("the answer to a change of the record was lost")
                    .add();
            add(out.of("Restart", node.name(), e));
        } else {
            simple(node, e);
        }
    }

    private void restart(NodeLog node, TraceEvent e) throws TraceFormatException, MergeRejectedException {
        refuse(e, ids.foreign(node.name(), e));
        HostShadow shadow = shadow(node);
        if (!shadow.started && (e.after("copies") != 0 || e.after("ckptEpoch") >= 0)) {
            throw new TraceFormatException(
                    e.place() + ": " + node.name() + " has a past of which there is no trace: give all its files");
        }
        if (shadow.started) {
            recover(node, e);
            stop(node);
            out.of("Crash", node.name(), e).hidden("the end of a process").add();
            lose(node, e);
        }
        ids.found(node.name(), e);
        shadow.started = true;
        shadow.ignored = false;
        simple(node, e);
    }

    /**
     * A host came back with another undo log, so what it had is gone: whoever relies on it must not. With the same one it must
     * have what it had.
     */
    private void lose(NodeLog node, TraceEvent e) throws MergeRejectedException {
        HostShadow shadow = shadow(node);
        String missing = missing(node, e);
        if (!ids.hasOtherLog(node.name(), e)) {
            refuse(
                    e,
                    missing == null
                            ? null
                            : node.name() + " came back without " + missing
                                    + ", though its undo log is the one that it had" + ids.ofLog(e));
            refuse(e, ids.copied(node.name(), e));
            return;
        }
        boolean folder = ids.hasOtherFolder(node.name(), e);
        out.of(folder ? "Replaced" : "LoseLog", node.name(), e)
                .hidden(
                        folder
                                ? "a host that came back with another folder"
                                : "a host that came back with another undo log")
                .add();
        shadow.discardAll();
        shadow.found = missing == null ? shadow.found : Math.toIntExact(e.after("copies"));
    }

    /** What became durable and was not recorded any more. */
    private void recover(NodeLog node, TraceEvent e) {
        HostShadow shadow = shadow(node);
        if (shadow.restoring && shadow.checkpoint != null && e.after("ckptEpoch") < 0) {
            // All is discarded before the machine runs: to a host that is killed in between it is as if it had run.
            shadow.discardAll();
            out.of("Resume", node.name(), e)
                    .hidden("what was restored from discarded just before a kill")
                    .add();
        }
        recoverCopies(node, e);
        Tag held = e.after("ckptEpoch") < 0 ? null : new Tag(e.after("ckptTerm"), e.after("ckptEpoch"));
        if (held != null && !held.equals(shadow.checkpoint) && shadow.staged.contains(held)) {
            commit(node, held, e, "a checkpoint switched in just before a kill");
        }
    }

    /** Whether the copy is counted among those that may be restored. */
    private static boolean isLive(Tag copy, TraceEvent restart) {
        return restart.after("ckptEpoch") < 0
                || (copy.term() == restart.after("ckptTerm") && copy.epoch() >= restart.after("ckptEpoch"));
    }

    private void recoverCopies(NodeLog node, TraceEvent e) {
        HostShadow shadow = shadow(node);
        shadow.found = 0;
        List<FoundCopy> unseen =
                e.found().stream().filter(copy -> isStoredUnseen(node, copy)).toList();
        unseen.forEach(copy -> readOld(node.name(), copy.tag(), copy.block(), e));
        for (FoundCopy copy : unseen) {
            int number = blocks.number(copy.block());
            store(node, copy.tag(), number);
            out.of("StoreCopy", node.name(), e)
                    .block(number)
                    .tag(copy.tag())
                    .hidden("a copy stored just before a kill")
                    .add();
        }
        for (FoundCopy copy : e.found()) {
            int number = blocks.number(copy.block());
            if (isLive(copy.tag(), e) && !shadow.holds(copy.tag(), number) && shadow.hasAbandoned(copy.tag(), number)) {
                shadow.found++;
            }
        }
    }

    /** Whether the host was killed after it had stored the copy, and before it could say so. */
    private boolean isStoredUnseen(NodeLog node, FoundCopy copy) {
        int number = blocks.number(copy.block());
        return !shadow(node).holds(copy.tag(), number) && shadow(node).isReading(copy.tag(), number);
    }

    private void loseMessages() {
        if (out.steps().isEmpty() || (out.steps().size() - lastLose < LOSE_EVERY && cutsSince < LOSE_AFTER_CUTS)) {
            return;
        }
        lastLose = out.steps().size();
        cutsSince = 0;
        // FollowJoin needs a part of the term, whichever.
        Tag least = newestCut;
        for (NodeLog node : nodes.values()) {
            Tag received = node.leastReceived();
            least = received.compareTo(least) < 0 ? received : least;
        }
        out.of("Lose", "", out.steps().getLast().source()).tag(least).add();
    }

    // ---- Small helpers.

    private NodeLog node(String name) {
        return java.util.Objects.requireNonNull(nodes.get(name));
    }

    private HostShadow shadow(NodeLog node) {
        return java.util.Objects.requireNonNull(shadows.get(node.name()));
    }

    private Progress write(String node, long session, int block) {
        return writes.computeIfAbsent(new Write(node, session, block), write -> new Progress());
    }

    private static String show(Tag tag) {
        return "term " + tag.term() + ", epoch " + tag.epoch();
    }

    private static String show(BlockId block) {
        return "block " + block.number() + " of volume " + block.volume();
    }
}
