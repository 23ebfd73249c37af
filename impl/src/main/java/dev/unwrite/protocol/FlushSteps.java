package dev.unwrite.protocol;

import static dev.unwrite.protocol.Protocol.refused;
import static dev.unwrite.protocol.Protocol.taken;

import dev.unwrite.protocol.Action.AnswerFlush;
import dev.unwrite.protocol.Action.MachineFlush;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rule FlushBeforeAnswer: the steps of a flush of the machine. */
final class FlushSteps {
    private static final Effect[] NONE = {};

    private FlushSteps() {}

    /** Any write that has begun may have been answered, so it counts, done or not. */
    static Step machineFlush(HostState s, MachineFlush a) {
        if (s.role() != Role.PRIMARY) {
            return refused("only a primary's machine flushes");
        }
        if (find(s.asked(), a.id()) != null) {
            return refused("flush " + a.id() + " is not answered yet");
        }
        Blocks writes = part(s.owed(), a.blocks());
        for (PendingWrite write : s.pending()) {
            if (a.blocks() == null || a.blocks().containsAny(write.extent())) {
                writes = writes.with(part(Blocks.of(write.extent()), a.blocks()));
            }
        }
        Blocks owes = writes.with(part(s.dirty(), a.blocks()));
        HostState.Edit edit = s.edit();
        edit.asked = new ArrayList<>(s.asked());
        edit.asked.add(new AskedFlush(a.id(), writes, owes));
        return taken(edit, answerable(s, edit));
    }

    private static Blocks part(Blocks all, @Nullable Blocks blocks) {
        return blocks == null ? all : blocks.without(blocks.without(all));
    }

    static Step answerFlush(HostState s, AnswerFlush a) {
        AskedFlush flush = find(s.asked(), a.id());
        if (flush == null) {
            return refused("flush " + a.id() + " was not asked for");
        }
        if (!flush.isDone()) {
            return refused("flush " + a.id() + " is not done");
        }
        HostState.Edit edit = s.edit();
        edit.asked = new ArrayList<>(s.asked());
        edit.asked.remove(flush);
        return taken(edit);
    }

    private static @Nullable AskedFlush find(List<AskedFlush> asked, long id) {
        for (AskedFlush flush : asked) {
            if (flush.id() == id) {
                return flush;
            }
        }
        return null;
    }

    /** After a write of the extent is done; with {@code fua} it is durable. */
    static void written(HostState.Edit edit, Extent extent, boolean fua) {
        if (edit.asked.isEmpty()) {
            return;
        }
        List<AskedFlush> after = new ArrayList<>(edit.asked.size());
        for (AskedFlush flush : edit.asked) {
            after.add(flush.written(extent, fua));
        }
        edit.asked = after;
    }

    /** After a flush of the storage. */
    static void flushed(HostState.Edit edit, Blocks covered) {
        List<AskedFlush> after = new ArrayList<>(edit.asked.size());
        for (AskedFlush flush : edit.asked) {
            after.add(flush.flushed(covered));
        }
        edit.asked = after;
    }

    /** Word of the flushes that may be answered after the step, and were not before it. */
    static Effect[] answerable(HostState before, HostState.Edit after) {
        if (after.asked.isEmpty()) {
            return NONE;
        }
        List<Effect> effects = new ArrayList<>();
        for (AskedFlush flush : after.asked) {
            AskedFlush was = find(before.asked(), flush.id());
            if (flush.isDone() && (was == null || !was.isDone())) {
                effects.add(new Effect.FlushDone(flush.id()));
            }
        }
        return effects.toArray(Effect[]::new);
    }
}
