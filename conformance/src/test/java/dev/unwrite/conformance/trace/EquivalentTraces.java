package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.trace.NodeLog.Tag;
import dev.unwrite.conformance.trace.TraceEvent.BlockId;
import dev.unwrite.conformance.trace.TraceMutants.Mutant;
import dev.unwrite.conformance.trace.TraceMutants.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says why a mutated trace is as right as the original, by rules that look at the trace and not at the verdict. */
final class EquivalentTraces {
    private static final JsonMapper MAPPER = new JsonMapper();
    /** They change no variable of the specification that any guard reads. */
    private static final Set<String> SILENT = Set.of("Speak", "Propose");
    /** A secondary takes what it is sent. */
    private static final Set<String> RECEIVED = Set.of("ReadOld", "ReadAround", "StagePart");

    private static final String UNUSED = "a copy that was never stored, or a state that was never committed";
    private static final String UNSEEN = "it was not lost, or nobody saw what came back";
    private static final String FORGOTTEN = "the last that the process did, or it forgot it in the next step";
    private static final String UNKEPT = "a read of which nothing was kept";
    private static final String UNHEARD = "a flush that no host heard of: a storage may do it or not";

    private EquivalentTraces() {}

    static Outcome judge(Mutant mutant, TraceJudgment verdict) throws IOException {
        if (verdict instanceof TraceJudgment.Rejected rejected) {
            return new Outcome(mutant, true, rejected.why(), false);
        }
        String reason = switch (mutant.mutation()) {
            case "drop" -> dropped(mutant);
            case "double" -> doubled(mutant);
            case "swap" ->
                swapped(mutant) == null && mutant.action().equals("Destage") && !isSeenToBeDurable(mutant)
                        ? UNSEEN
                        : swapped(mutant);
            default -> altered(mutant);
        };
        return new Outcome(mutant, false, reason == null ? place(mutant) : reason, reason != null);
    }

    private static String place(Mutant mutant) {
        JsonNode second = mutant.second();
        return mutant.file() + ", line " + mutant.line()
                + (mutant.mutation().equals("swap") && second != null
                        ? ", with " + second.path("action").asText()
                        : "");
    }

    private static @Nullable String dropped(Mutant mutant) throws IOException {
        JsonNode next = mutant.second();
        return switch (mutant.action()) {
            case "Speak" -> "what a machine may say it may also keep to itself";
            case "Flushed" -> isHeard(mutant) ? null : UNHEARD;
            case "SendWrite" -> hasArrived(mutant) ? null : "a write that was lost on its way";
            case "Session" -> isUsed(mutant) ? null : "a session that nobody used";
            case "Refused" -> isLastRefusal(mutant) ? "the last refusal of its kind: nobody need have asked" : null;
            case "Propose" -> isGranted(mutant) ? null : "a proposal that came to nothing";
            case "Flush" ->
                isColdAgain(mutant)
                        ? "a cold owner that had flushed flushed again"
                        : next == null || follows(mutant, "StepDown") ? FORGOTTEN : null;
            case "MachineFlush", "AnswerFlush" -> next == null || follows(mutant, "StepDown") ? FORGOTTEN : null;
            case "Protect", "GoAlone" -> isLearned(mutant) ? "it saw the record, and never heard the answer" : null;
            case "ReadOld", "ReadAround", "StagePart" -> isUseful(mutant) ? null : UNUSED;
            case "OpenSession" -> isLeftAtOnce(mutant) ? "a session in which nothing was done" : null;
            case "WriteDone" -> follows(mutant, "OpenSession") ? "the new session owes the write either way" : null;
            case "Boot" -> isNoticed(mutant) ? null : "the storage starts twice, and nobody came in between";
            case "Destage" -> isSeenToBeDurable(mutant) ? null : UNSEEN;
            case "Read" -> isKept(mutant) ? null : UNKEPT;
            default ->
                next == null && !mutant.first().has("group")
                        ? "the last event of a process: it was killed one step earlier"
                        : null;
        };
    }

    private static @Nullable String doubled(Mutant mutant) throws IOException {
        return switch (mutant.action()) {
            case "Speak", "Propose" -> "said twice: it changes nothing the second time";
            case "Read" -> "read twice";
            case "Flushed" -> "flushed twice: the second has nothing to do";
            case "Flush" -> isColdAgain(mutant) ? "a cold owner that had flushed flushed again" : null;
            default -> null;
        };
    }

    /** The order of two events of one process does not matter if neither reads what the other changes. */
    private static @Nullable String swapped(Mutant mutant) throws IOException {
        JsonNode first = mutant.first();
        JsonNode second = mutant.second();
        if (second == null) {
            return null;
        }
        String one = first.path("action").asText();
        String two = second.path("action").asText();
        boolean bothFlushCold = one.equals("Flush")
                && two.equals("Flush")
                && first.path("after").equals(second.path("after"))
                && first.path("after").path("role").asText().equals("cold");
        if (one.equals(two) && (SILENT.contains(one) || bothFlushCold)) {
            return "the same twice";
        }
        if ((SILENT.contains(one) || SILENT.contains(two))
                && first.path("after").equals(second.path("after"))) {
            return one + " and " + two + " leave the same state, and one of them changes nothing";
        }
        if (one.equals(two)
                && Set.of("ReadOld", "ReadAround", "SendWrite", "Apply").contains(one)
                && areApart(first, second)) {
            return first.path("after").equals(second.path("after")) ? one + " of different blocks" : null;
        }
        boolean storage = first.has("group");
        if (!storage) {
            return RECEIVED.contains(one)
                            && RECEIVED.contains(two)
                            && first.path("after").equals(second.path("after"))
                    ? "what is to be read, and parts of states: neither sees the other"
                    : null;
        }
        boolean otherHosts =
                !first.path("host").asText().equals(second.path("host").asText());
        if (otherHosts && (one.equals("Session") || two.equals("Session"))) {
            return "a session of one host, and what the other does";
        }
        if (one.equals("Read") || two.equals("Read")) {
            return readApart(first, second);
        }
        if ((one.equals("Refused") || two.equals("Refused")) && leavesRights(first, second)) {
            return "a refusal, and what changes nobody's rights";
        }
        if (one.equals("Destage") || two.equals("Destage")) {
            return destagedApart(first, second);
        }
        if (one.equals("Flushed") && two.equals("Flushed")) {
            return "flushes of different volumes";
        }
        if (Set.of(one, two).equals(Set.of("Record", "Flushed"))) {
            return "a flush, and a change of the record";
        }
        if (one.equals("Apply") && two.equals("Record")) {
            boolean same = first.path("session").equals(second.path("session"));
            return same ? "a write, and a change of the record by the session that wrote it" : null;
        }
        if (Set.of(one, two).equals(Set.of("Apply", "Flushed"))) {
            JsonNode write = one.equals("Apply") ? first : second;
            JsonNode flush = one.equals("Apply") ? second : first;
            boolean sameVolume =
                    write.path("extent").path(0).asInt() == flush.path("volume").asInt();
            return sameVolume && one.equals("Apply") && isCovered(mutant, write, flush)
                    ? null
                    : "a flush that need not cover the write: of another volume, or not the one that the host heard of";
        }
        return null;
    }

    /** Of two events, one of them a refusal: whether that would have come on the other side of the other one, too. */
    private static boolean leavesRights(JsonNode first, JsonNode second) {
        boolean refusedFirst = is(first, "Refused");
        JsonNode refusal = refusedFirst ? first : second;
        JsonNode other = refusedFirst ? second : first;
        return switch (other.path("action").asText()) {
            case "Apply", "Flushed" -> true;
            case "Refused" ->
                !refusal.path("session").equals(other.path("session"))
                        || !refusal.path("what").equals(other.path("what"));
            // A session has ended for good; what is over before the next one begins is over after it.
            case "Session" -> refusedFirst;
            case "Record" -> other.path("record").path("term").equals(refusal.path("term"));
            default -> false;
        };
    }

    /** Whether the host started once. */
    private static boolean isNamedOnce(Mutant mutant) throws IOException {
        return count(mutant, e -> isStartOfTheSame(mutant, e)) <= 1;
    }

    /** Whether none of the host's starts, from this one to the next, found anything. */
    private static boolean hadNothing(Mutant mutant) throws IOException {
        long now = mutant.first().path("start").asLong();
        long next = Long.MAX_VALUE;
        for (String file : mutant.files().keySet()) {
            for (JsonNode e : events(mutant, file)) {
                long start = e.path("start").asLong();
                next = isStartOfTheSame(mutant, e) && start > now ? Math.min(next, start) : next;
            }
        }
        long last = next;
        return !anyEvent(
                mutant,
                e -> isStartOfTheSame(mutant, e)
                        && e.path("start").asLong() >= now
                        && e.path("start").asLong() <= last
                        && (e.path("after").path("copies").asLong() > 0
                                || e.path("after").path("ckptEpoch").asLong() >= 0));
    }

    private static boolean isStartOfTheSame(Mutant mutant, JsonNode e) {
        return is(e, "Restart") && e.path("node").equals(mutant.first().path("node"));
    }

    private static boolean areApart(JsonNode first, JsonNode second) {
        Set<BlockId> blocks = new HashSet<>(event(first).blocks());
        blocks.retainAll(event(second).blocks());
        return blocks.isEmpty();
    }

    private static TraceEvent event(JsonNode json) {
        return new TraceEvent(Path.of("mutant"), 0, json);
    }

    private static @Nullable String altered(Mutant mutant) throws IOException {
        if (mutant.action().equals("Destage") && mutant.mutation().equals("extents") && !isSeenToBeDurable(mutant)) {
            return UNSEEN;
        }
        if (Set.of("Restart folder", "Restart undo").contains(mutant.name()) && isNamedOnce(mutant)) {
            return "an id that no other line names";
        }
        if (mutant.name().equals("Restart undo") && hadNothing(mutant)) {
            return "another undo log, of a host that had nothing to lose";
        }
        if (mutant.mutation().equals("lost")) {
            BlockId lost = event(mutant.first()).lost().getLast();
            BlockId instead = new BlockId(lost.volume(), lost.number() + 1);
            return isSeen(mutant, lost, time(mutant)) || isSeen(mutant, instead, time(mutant))
                    ? null
                    : "two blocks that were not flushed, and nobody saw what came back before they were written again";
        }
        if (mutant.action().equals("Session") && !isUsed(mutant)) {
            return "a session that nobody used";
        }
        if (mutant.action().equals("Session") && mutant.mutation().equals("term") && !isWrittenIn(mutant)) {
            return "nothing was written in this session, and a term matters to writes only";
        }
        if (mutant.action().equals("Flushed") && !isHeard(mutant)) {
            return UNHEARD;
        }
        if (mutant.action().equals("Refused") && mutant.mutation().equals("session") && isOverToo(mutant)) {
            return "another session of the host that was over, too: it may have asked there";
        }
        if (mutant.action().equals("Propose") && mutant.mutation().equals("change") && !isGranted(mutant)) {
            return "a proposal that came to nothing";
        }
        if (mutant.action().equals("MachineWrite") && mutant.mutation().startsWith("id") && !isSent(mutant)) {
            return "the number of a write that was never sent";
        }
        if (mutant.action().equals("MachineWrite") && mutant.mutation().equals("values") && !isKnown(mutant)) {
            return "the content of a write that never arrived";
        }
        if (mutant.name().equals("Cut delta")) {
            return "what is told to be whole may be: what is committed is the same";
        }
        if (mutant.name().equals("MachineFlush id") && !isAnswered(mutant)) {
            return "the number of a flush that was never answered";
        }
        if (mutant.name().equals("MachineFlush extents") && !isMoreUnflushed(mutant)) {
            return "a flush of all, where nothing else was to be flushed";
        }
        if (Set.of("ReadOld extents", "ReadAround extents", "StagePart epoch").contains(mutant.name())
                && !isUseful(mutant)) {
            return UNUSED;
        }
        if (mutant.action().equals("Read") && !isKept(mutant)) {
            return UNKEPT;
        }
        return null;
    }

    private static boolean isAnswered(Mutant mutant) throws IOException {
        return anyEvent(
                mutant,
                e -> is(e, "AnswerFlush")
                        && e.path("start").equals(mutant.first().path("start"))
                        && e.path("id").equals(mutant.first().path("id")));
    }

    /** Whether the host had written more than a flush of some blocks is of. */
    private static boolean isMoreUnflushed(Mutant mutant) {
        JsonNode after = mutant.first().path("after");
        long blocks = event(mutant.first()).blocks().size();
        return after.path("pending").asLong() + after.path("owed").asLong() > blocks
                || after.path("dirty").asLong() > blocks;
    }

    private static @Nullable String readApart(JsonNode first, JsonNode second) {
        JsonNode other = is(first, "Read") ? second : first;
        return switch (other.path("action").asText()) {
            case "Read", "Record", "Refused", "Flushed", "Destage" -> "a read, and what leaves contents as they are";
            case "Apply" -> areApart(first, second) ? "a read, and a write of other blocks" : null;
            default -> null;
        };
    }

    /** Whether a copy is known to come from this read, and from no other. */
    private static boolean isKept(Mutant mutant) throws IOException {
        JsonNode read = mutant.first();
        Set<BlockId> blocks = new HashSet<>(event(read).blocks());
        Test same = e -> e.path("session").equals(read.path("session"))
                && e.path("epoch").equals(read.path("epoch"))
                && event(e).blocks().stream().anyMatch(blocks::contains);
        return anyEvent(mutant, e -> is(e, "StoreCopy") && same.of(e))
                || anyEvent(mutant, e -> is(e, "Restart") && isFoundOf(e, read, blocks));
    }

    private static boolean isFoundOf(JsonNode restart, JsonNode read, Set<BlockId> blocks) {
        return restart.path("node").equals(read.path("host"))
                && event(restart).found().stream()
                        .anyMatch(copy ->
                                copy.tag().epoch() == read.path("epoch").asLong() && blocks.contains(copy.block()));
    }

    private static @Nullable String destagedApart(JsonNode first, JsonNode second) {
        boolean destagedFirst = is(first, "Destage");
        JsonNode other = destagedFirst ? second : first;
        return switch (other.path("action").asText()) {
            case "Session", "Record", "Refused" -> "a block that becomes durable, and what says nothing of contents";
            case "Apply", "Destage" -> areApart(first, second) ? "different blocks" : null;
            case "Flushed" -> {
                int volume =
                        event(destagedFirst ? first : second).blocks().getLast().volume();
                yield other.path("volume").asInt() == volume ? null : "a flush of another volume";
            }
            default -> null;
        };
    }

    /** Whether anything came between this start of the storage and the next one, or somebody saw what this one lost. */
    private static boolean isNoticed(Mutant mutant) throws IOException {
        if (mutant.second() != null && !follows(mutant, "Boot")) {
            return true;
        }
        for (BlockId block : event(mutant.first()).lost()) {
            if (isSeen(mutant, block, time(mutant))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the last of the blocks that became durable was lost before the next flush, and somebody saw what came back. */
    private static boolean isSeenToBeDurable(Mutant mutant) throws IOException {
        BlockId block = event(mutant.first()).blocks().getLast();
        for (JsonNode e : events(mutant, mutant.file())) {
            if (e.path("t").asLong() <= time(mutant)) {
                continue;
            }
            if (is(e, "Flushed") && e.path("volume").asInt() == block.volume()) {
                return false;
            }
            if (is(e, "Boot")) {
                return event(e).lost().contains(block)
                        && isSeen(mutant, block, e.path("t").asLong());
            }
        }
        return false;
    }

    /** Whether somebody read what stood in the block from then on, before it was written again. */
    private static boolean isSeen(Mutant mutant, BlockId block, long from) throws IOException {
        for (JsonNode e : events(mutant, mutant.file())) {
            boolean sees = is(e, "Read") || is(e, "Apply");
            if (sees && e.path("t").asLong() > from && event(e).blocks().contains(block)) {
                return is(e, "Read");
            }
        }
        return false;
    }

    private static boolean is(JsonNode event, String action) {
        return event.path("action").asText().equals(action);
    }

    private static long time(Mutant mutant) {
        return mutant.first().path("t").asLong();
    }

    private static List<JsonNode> events(Mutant mutant, String file) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : mutant.files().getOrDefault(file, List.of())) {
            if (!line.isBlank()) {
                events.add(MAPPER.readTree(line));
            }
        }
        return events;
    }

    private static boolean follows(Mutant mutant, String action) {
        JsonNode next = mutant.second();
        return next != null && is(next, action);
    }

    /** Whether the host saw by itself that the record says so. */
    private static boolean isLearned(Mutant mutant) throws IOException {
        return anyEvent(
                mutant,
                e -> is(e, "Learn")
                        && e.path("start").equals(mutant.first().path("start"))
                        && e.path("record").equals(mutant.first().path("record")));
    }

    private static boolean isLeftAtOnce(Mutant mutant) {
        return follows(mutant, "OpenSession")
                && stripped(mutant.first()).equals(stripped(Objects.requireNonNull(mutant.second())));
    }

    /** The state after the event, but for the session. */
    private static JsonNode stripped(JsonNode event) {
        ObjectNode after = event.path("after").deepCopy();
        after.remove("session");
        return after;
    }

    /** Whether what was to be read was stored, or the state was committed, by this process or as a later start found. */
    private static boolean isUseful(Mutant mutant) throws IOException {
        JsonNode first = mutant.first();
        long term = first.path("term").asLong();
        long epoch = first.path("epoch").asLong();
        Set<BlockId> blocks = new HashSet<>(event(first).blocks());
        for (JsonNode e : events(mutant, mutant.file())) {
            boolean same = e.path("term").asLong() == term && e.path("epoch").asLong() == epoch;
            if (same && is(e, "Commit") && blocks.isEmpty()) {
                return true;
            }
            if (same && is(e, "StoreCopy") && event(e).blocks().stream().anyMatch(blocks::contains)) {
                return true;
            }
        }
        return anyEvent(
                mutant,
                e -> is(e, "Restart")
                        && e.path("node").equals(first.path("node"))
                        && (blocks.isEmpty()
                                ? e.path("after").path("ckptTerm").asLong() == term
                                        && e.path("after").path("ckptEpoch").asLong() == epoch
                                : isFound(e, term, epoch, blocks)));
    }

    private static boolean isFound(JsonNode restart, long term, long epoch, Set<BlockId> blocks) {
        return event(restart).found().stream()
                .anyMatch(copy -> copy.tag().equals(new Tag(term, epoch)) && blocks.contains(copy.block()));
    }

    /** Whether another line says of the first copied block that it held this, or that it was zero at first. */
    private static boolean isKnown(Mutant mutant) throws IOException {
        BlockId block = event(mutant.first()).blocks().getFirst();
        int held = mutant.first().path("values").path(0).asInt();
        return anyEvent(mutant, e -> {
            List<BlockId> blocks = event(e).blocks();
            int at = blocks.indexOf(block);
            return at >= 0
                    && Set.of("StoreCopy", "Apply").contains(e.path("action").asText())
                    && e.path("values").path(at).asInt() == held;
        });
    }

    /**
     * Whether the host heard of a flush that names a block of the write, and can only mean this one or one before: it heard of
     * each flush in the session, so that the answers are those of the flushes in their order.
     */
    private static boolean isCovered(Mutant mutant, JsonNode write, JsonNode flush) throws IOException {
        Test same = e -> is(e, "Flushed")
                && e.path("session").equals(flush.path("session"))
                && e.path("volume").equals(flush.path("volume"));
        Test answer = e -> is(e, "Flush") && e.path("session").equals(flush.path("session"));
        if (count(mutant, same) > count(mutant, answer)) {
            return false;
        }
        long number = count(
                mutant,
                e -> same.of(e) && e.path("t").asLong() <= flush.path("t").asLong());
        Set<BlockId> written = new HashSet<>(event(write).blocks());
        for (String file : mutant.files().keySet()) {
            int heard = 0;
            for (JsonNode e : events(mutant, file)) {
                if (answer.of(e)
                        && ++heard <= number
                        && event(e).blocks().stream().anyMatch(written::contains)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- What else the original traces say of an event.  The mutant differs from them in the one file.

    /** Whether a host heard of so many flushes of the volume in this session that each is needed. */
    private static boolean isHeard(Mutant mutant) throws IOException {
        JsonNode flushed = mutant.first();
        long heard = count(mutant, e -> is(e, "Flush") && e.path("session").equals(flushed.path("session")));
        long left = count(
                mutant,
                e -> is(e, "Flushed")
                        && e.path("session").equals(flushed.path("session"))
                        && e.path("volume").equals(flushed.path("volume")));
        return left < heard;
    }

    /** Whether as many writes of these blocks were applied in this session as were sent before the drop. */
    private static boolean hasArrived(Mutant mutant) throws IOException {
        JsonNode send = mutant.first();
        JsonNode session = send.path("after").path("session");
        long sent = count(
                mutant,
                e -> is(e, "SendWrite")
                        && e.path("after").path("session").equals(session)
                        && e.path("extent").equals(send.path("extent")));
        long applied = count(
                mutant,
                e -> is(e, "Apply")
                        && e.path("session").asLong() == session.asLong()
                        && e.path("extent").equals(send.path("extent")));
        return applied > sent;
    }

    private static boolean isUsed(Mutant mutant) throws IOException {
        long session = mutant.first().path("session").asLong();
        return anyEvent(
                mutant,
                e -> !is(e, "Session")
                        && (e.path("session").asLong(-1) == session
                                || e.path("after").path("session").asLong(-1) == session));
    }

    private static boolean isWrittenIn(Mutant mutant) throws IOException {
        long session = mutant.first().path("session").asLong();
        return anyEvent(mutant, e -> is(e, "Apply") && e.path("session").asLong() == session);
    }

    /** Whether the next session, which the altered line names, is one of the same host and could do no more by then. */
    private static boolean isOverToo(Mutant mutant) throws IOException {
        JsonNode refusal = mutant.first();
        long named = refusal.path("session").asLong() + 1;
        long newest = -1;
        long term = -1;
        List<String> lines = mutant.files().getOrDefault(mutant.file(), List.of());
        for (String line : lines.subList(0, mutant.line() - 1)) {
            JsonNode event = MAPPER.readTree(line);
            if (is(event, "Session") && event.path("host").equals(refusal.path("host"))) {
                newest = event.path("session").asLong();
                term = newest == named ? event.path("term").asLong() : term;
            }
        }
        return term >= 0 && (newest != named || term < refusal.path("term").asLong());
    }

    private static boolean isLastRefusal(Mutant mutant) throws IOException {
        JsonNode refusal = mutant.first();
        return !anyEvent(
                mutant,
                e -> is(e, "Refused")
                        && e.path("session").equals(refusal.path("session"))
                        && e.path("what").equals(refusal.path("what"))
                        && e.path("times").asLong() > refusal.path("times").asLong());
    }

    private static boolean isGranted(Mutant mutant) throws IOException {
        JsonNode proposal = mutant.first();
        return anyEvent(
                        mutant,
                        e -> is(e, "Record")
                                && e.path("host")
                                        .asText()
                                        .equals(proposal.path("node").asText())
                                && e.path("record").path("version").asLong()
                                        == proposal.path("record")
                                                        .path("version")
                                                        .asLong()
                                                + 1)
                && anyOther(mutant, proposal);
    }

    /** Whether this is the only proposal of its kind: else another one stands for it. */
    private static boolean anyOther(Mutant mutant, JsonNode proposal) throws IOException {
        long same = count(
                mutant,
                e -> is(e, "Propose")
                        && e.path("node").equals(proposal.path("node"))
                        && e.path("change").equals(proposal.path("change"))
                        && e.path("record").equals(proposal.path("record")));
        return same == 0;
    }

    private static boolean isSent(Mutant mutant) throws IOException {
        return anyEvent(
                mutant,
                e -> is(e, "SendWrite")
                        && e.path("start").equals(mutant.first().path("start"))
                        && e.path("id").equals(mutant.first().path("id")));
    }

    private static boolean isColdAgain(Mutant mutant) throws IOException {
        JsonNode flush = mutant.first();
        return flush.path("after").path("role").asText().equals("cold")
                && anyEvent(
                        mutant,
                        e -> is(e, "Flush")
                                && e.path("session").equals(flush.path("session"))
                                && e.path("start").equals(flush.path("start")));
    }

    private interface Test {
        boolean of(JsonNode event);
    }

    private static boolean anyEvent(Mutant mutant, Test test) throws IOException {
        return count(mutant, test) > 0;
    }

    private static long count(Mutant mutant, Test test) throws IOException {
        long count = 0;
        for (String file : mutant.files().keySet()) {
            count += events(mutant, file).stream().filter(test::of).count();
        }
        return count;
    }
}
