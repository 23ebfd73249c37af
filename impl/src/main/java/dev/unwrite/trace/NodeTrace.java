package dev.unwrite.trace;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.AskedFlush;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.CopyKey;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The trace of one process of a node. */
final class NodeTrace implements TraceWriter {
    private static final System.Logger LOG = System.getLogger(NodeTrace.class.getName());

    private final TraceFile file;
    private final String node;
    private final long start;
    private final TraceClock clock;
    private long sequence;
    private boolean failed;

    private NodeTrace(TraceFile file, String node, long start, TraceClock clock) {
        this.file = file;
        this.node = node;
        this.start = start;
        this.clock = clock;
    }

    static NodeTrace open(Path dir, String node, long limitBytes, TraceClock clock) throws IOException {
        TraceFile.Created created = TraceFile.create(dir, node, clock.micros(), limitBytes);
        return new NodeTrace(created.file(), node, created.number(), clock);
    }

    @Override
    public boolean active() {
        return true;
    }

    @Override
    public synchronized void step(HostState before, Action action, HostState after, @Nullable Contents contents) {
        if (isTold(before, action, after)) {
            write(action.name(), after, line -> {
                fields(line, before, action, after);
                if (contents != null) {
                    contents(line, contents);
                }
            });
        }
    }

    @Override
    public synchronized void spoke(HostState state, long said) {
        write("Speak", state, line -> line.put("said", said));
    }

    private void write(String action, HostState after, Consumer<TraceLine> fields) {
        if (failed) {
            return;
        }
        try {
            TraceLine line = new TraceLine()
                    .put("seq", sequence++)
                    .put("t", clock.micros())
                    .put("node", node)
                    .put("start", start)
                    .put("action", action);
            fields.accept(line);
            line.part(json -> after(json, after)).to(file);
        } catch (IOException | RuntimeException e) {
            failed = true;
            LOG.log(System.Logger.Level.WARNING, "the trace ends here, it cannot be written: " + e.getMessage());
        }
    }

    /** First halves are left out, but for the one that says when a change of the record was asked for. */
    private static boolean isTold(HostState before, Action action, HostState after) {
        return switch (action) {
            case Action.AskFlush a -> false;
            case Action.AskCommit a -> false;
            case Action.CommitFailed a -> false;
            case Action.NotAgreed a -> false;
            // It is told when output has left, and of what has: not of what was to leave.
            case Action.Speak a -> false;
            case Action.ReadOld a -> !before.reading().equals(after.reading());
            default -> true;
        };
    }

    private static void fields(TraceLine line, HostState before, Action action, HostState after) {
        switch (action) {
            case Action.MachineWrite a -> line.put("id", a.id()).put("extent", a.extent());
            case Action.RecvPreserved a ->
                tag(line, a.term(), a.epoch()).put("extents", after.kept().without(before.kept()));
            case Action.SendWrite a -> {
                line.put("id", a.id()).put("extent", a.extent());
                if (a.fua()) {
                    line.put("fua", 1);
                }
            }
            case Action.MachineFlush a ->
                line.put("id", a.id()).put("extents", a.blocks() == null ? Blocks.NONE : a.blocks());
            case Action.AnswerFlush a -> line.put("id", a.id());
            case Action.WriteDone a -> line.put("id", a.id()).put("extent", a.extent());
            case Action.LearnCommitted a -> tag(line, a.term(), a.epoch());
            case Action.ReadOld a -> tag(line, a.term(), a.epoch()).put("extents", newlyRead(before, after, a));
            case Action.ReadAround a -> tag(line, a.term(), a.epoch()).put("extents", Blocks.of(a.around()));
            case Action.StoreCopy a -> tag(line, a.term(), a.epoch()).put("extent", a.extent());
            case Action.StagePart a -> tag(line, a.term(), a.epoch());
            case Action.Commit a -> tag(line, after.term(), a.epoch());
            case Action.Cut a -> {
                tag(line, after.term(), after.epoch());
                if (a.delta()) {
                    line.put("delta", 1);
                }
            }
            case Action.StartJoin a -> tag(line, after.term(), after.epoch());
            case Action.FollowJoin a -> record(line, a.record());
            case Action.BecomeSecondary a -> record(line, a.record());
            case Action.GoAlone a -> record(line, a.record());
            case Action.Learn a -> record(line, a.record());
            case Action.Protect a -> record(line, a.record());
            case Action.AbortJoin a -> record(line, a.record());
            case Action.StepDown a -> record(line, a.record());
            case Action.FinishRollback a -> record(line, a.record());
            case Action.OpenSession a -> line.put("session", a.session());
            case Action.TakeOver a -> record(line, a.record()).put("session", a.session());
            case Action.RestartRollback a -> record(line, a.record()).put("session", a.session());
            case Action.Bootstrap a -> record(line, a.record()).put("session", a.session());
            case Action.ColdStart a -> record(line, a.record()).put("session", a.session());
            case Action.ForceColdStart a -> record(line, a.record()).put("session", a.session());
            case Action.Propose a ->
                record(line, a.record()).put("change", a.change().name());
            case Action.Restart a ->
                line.put("storage", a.storage())
                        .put("folder", a.folder())
                        .put("undo", a.undo())
                        .part(json -> copies(json, after));
            // A cold owner has written nothing: its flush covers what any earlier owner wrote.
            case Action.Flush a ->
                line.put("session", a.session()).put("extents", before.dirty().without(after.dirty()));
            default -> {
                // Resume and ColdRead have no fields.
            }
        }
    }

    private static void contents(TraceLine line, Contents contents) {
        if (contents.session() != 0) {
            line.put("session", contents.session());
        }
        line.values(contents.hashes());
    }

    private static Blocks newlyRead(HostState before, HostState after, Action.ReadOld a) {
        CopyKey key = new CopyKey(a.term(), a.epoch());
        Blocks old = before.reading(key);
        return after.reading(key).without(old);
    }

    private static TraceLine tag(TraceLine line, long term, long epoch) {
        return line.put("term", term).put("epoch", epoch);
    }

    private static TraceLine record(TraceLine line, OwnershipRecord record) {
        return line.part(json -> {
            json.writeObjectFieldStart("record");
            json.writeNumberField("version", record.version());
            json.writeNumberField("term", record.term());
            json.writeStringField("owner", record.owner());
            json.writeStringField("mode", record.mode().wire());
            json.writeStringField("secondary", record.secondary());
            json.writeNumberField("base", record.base());
            json.writeEndObject();
        });
    }

    /** The index of the undo log as it was found: {@code [term, epoch, volume, first, count]} each. */
    private static void copies(JsonGenerator json, HostState state) throws IOException {
        json.writeArrayFieldStart("log");
        for (Map.Entry<CopyKey, Blocks> entry : state.copies().entrySet()) {
            CopyKey key = entry.getKey();
            for (Extent extent : entry.getValue().extents()) {
                json.writeArray(
                        new long[] {key.term(), key.epoch(), extent.volume(), extent.first(), extent.count()}, 0, 5);
            }
        }
        json.writeEndArray();
    }

    private static void after(JsonGenerator json, HostState s) throws IOException {
        Checkpoint held = s.checkpoint();
        json.writeObjectFieldStart("after");
        json.writeStringField("role", s.role().spelling());
        json.writeNumberField("term", s.term());
        json.writeStringField("mode", s.mode().spelling());
        json.writeNumberField("epoch", s.epoch());
        json.writeNumberField("session", s.session());
        json.writeNumberField("version", s.record().version());
        json.writeNumberField("pending", pendingBlocks(s));
        json.writeNumberField("kept", s.kept().size());
        json.writeNumberField("dirty", s.dirty().size());
        json.writeNumberField("owed", s.owed().size());
        json.writeNumberField("asked", s.asked().size());
        json.writeNumberField("owes", owedByFlushes(s));
        json.writeArrayFieldStart("cuts");
        for (long epoch : s.cuts()) {
            json.writeNumber(epoch);
        }
        json.writeEndArray();
        json.writeNumberField("safe", s.safe());
        json.writeNumberField("copies", liveCopies(s));
        json.writeNumberField("ckptTerm", held == null ? 0 : held.term());
        json.writeNumberField("ckptEpoch", held == null ? -1 : held.epoch());
        json.writeEndObject();
    }

    private static long owedByFlushes(HostState s) {
        long blocks = 0;
        for (AskedFlush flush : s.asked()) {
            blocks += flush.owes().size();
        }
        return blocks;
    }

    private static long pendingBlocks(HostState s) {
        return s.pending().stream().mapToLong(write -> write.extent().count()).sum();
    }

    /** Copies that may be restored: those that the checkpoint made needless may be discarded at any later time. */
    private static long liveCopies(HostState s) {
        Checkpoint held = s.checkpoint();
        long count = 0;
        for (Map.Entry<CopyKey, Blocks> entry : s.copies().entrySet()) {
            CopyKey key = entry.getKey();
            if (held == null || (key.term() == held.term() && key.epoch() >= held.epoch())) {
                count += entry.getValue().size();
            }
        }
        return count;
    }

    @Override
    public synchronized void close() throws IOException {
        failed = true;
        file.close();
    }
}
