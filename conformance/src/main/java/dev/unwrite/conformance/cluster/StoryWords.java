package dev.unwrite.conformance.cluster;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a story says things. Steps have the names of the specification. */
final class StoryWords {
    private final Map<Integer, String> contents = new HashMap<>(Map.of(0, "zeroes"));

    /** From here on this number in a block is told as this word. */
    void means(int number, String word) {
        contents.put(number, word);
    }

    /** What a block holds, given the numbers of its cells. */
    String content(int[] cells) {
        return Arrays.stream(cells).distinct().mapToObj(this::content).collect(Collectors.joining("|"));
    }

    private String content(int number) {
        return contents.getOrDefault(number, "?");
    }

    /** The blocks of an image from one cell to another, with their contents. */
    List<String> blocks(int[] image, int fromCell, int toCell) {
        return blocks(fromCell, toCell, cell -> content(cells(image, cell)));
    }

    /** Blocks with what is to be said of each, given its first cell; neighbours of which the same is said are one. */
    static List<String> blocks(int fromCell, int toCell, IntFunction<String> what) {
        List<String> lines = new ArrayList<>();
        int end;
        for (int cell = fromCell; cell < toCell; cell = end) {
            Extent first = Cells.block(cell);
            String text = what.apply(cell);
            end = cell + Cells.PER_BLOCK;
            while (end < toCell
                    && Cells.block(end).volume() == first.volume()
                    && what.apply(end).equals(text)) {
                end += Cells.PER_BLOCK;
            }
            if (!text.isEmpty()) {
                int count = (end - cell) / Cells.PER_BLOCK;
                lines.add(Cells.name(new Extent(first.volume(), first.first(), count)) + " " + text);
            }
        }
        return lines;
    }

    static int[] cells(int[] image, int firstCell) {
        return Arrays.copyOfRange(image, firstCell, firstCell + Cells.PER_BLOCK);
    }

    String write(History.Write write) {
        int end = write.firstCell() + write.cells();
        return String.join(", ", blocks(write.firstCell(), end, cell -> content(write.value())));
    }

    static String names(List<Extent> extents) {
        return extents.stream().map(Cells::name).collect(Collectors.joining(", "));
    }

    static String names(Blocks blocks) {
        return names(blocks.extents());
    }

    static String record(OwnershipRecord record) {
        return "term " + record.term() + ", owner " + record.owner() + ", "
                + record.mode().wire()
                + (record.secondary().isEmpty()
                        ? ""
                        : " by " + record.secondary() + " since checkpoint " + record.base());
    }

    static String status(SimHost host) {
        if (!host.isUp()) {
            return host.name + ": down";
        }
        HostState s = host.state();
        String more = switch (s.role()) {
            case PRIMARY -> ", " + s.mode().spelling() + ", in epoch " + s.epoch();
            case RESTORING -> ", owes " + names(s.owed());
            case SECONDARY, IDLE, COLD -> "";
        };
        Checkpoint held = s.checkpoint();
        return host.name + ": " + s.role().spelling() + more
                + (held == null ? "" : ", holds checkpoint " + held.epoch() + " of term " + held.term());
    }

    /** The step, or null for the first half of another: the specification does not have it. */
    static @Nullable String step(Action action, HostState after) {
        String arguments = switch (action) {
            case Action.Propose a -> null;
            case Action.AskFlush a -> null;
            case Action.AskCommit a -> null;
            case Action.MachineWrite a -> Cells.name(a.extent()) + ", epoch " + after.epoch();
            case Action.RecvPreserved a -> names(a.extents()) + ", epoch " + a.epoch();
            case Action.SendWrite a -> Cells.name(a.extent());
            case Action.WriteDone a -> Cells.name(a.extent());
            case Action.ReadOld a -> names(a.extents()) + ", epoch " + a.epoch();
            case Action.ReadAround a ->
                Cells.name(a.around()) + ", epoch " + a.epoch() + ", beside " + Cells.name(a.asked());
            case Action.StoreCopy a -> Cells.name(a.extent()) + ", epoch " + a.epoch();
            case Action.StagePart a -> "checkpoint " + a.epoch();
            case Action.Commit a -> "checkpoint " + a.epoch();
            case Action.LearnCommitted a -> "checkpoint " + a.epoch();
            case Action.Cut a -> "checkpoint " + after.epoch();
            case Action.StartJoin a -> "checkpoint " + after.epoch();
            case Action.OpenSession a -> after.owed().isEmpty() ? "" : "owes " + names(after.owed());
            case Action.TakeOver a -> owed(after);
            case Action.RestartRollback a -> owed(after);
            case Action.Restart a -> found(after);
            default -> "";
        };
        return arguments == null ? null : action.name() + (arguments.isEmpty() ? "" : " " + arguments);
    }

    private static String owed(HostState after) {
        return "term " + after.term() + ", owes " + (after.owed().isEmpty() ? "nothing" : names(after.owed()));
    }

    private static String found(HostState after) {
        Checkpoint held = after.checkpoint();
        String copies = names(after.restorable());
        return held == null
                ? ""
                : "found checkpoint " + held.epoch() + (copies.isEmpty() ? "" : " and copies of " + copies);
    }

    /** The message, or null for one that says nothing about a step. */
    static @Nullable String message(PeerMessage message) {
        return switch (message) {
            case PeerMessage.Preserve m -> "Preserve " + names(m.extents()) + ", epoch " + m.epoch();
            case PeerMessage.Preserved m -> "Preserved " + names(m.extents()) + ", epoch " + m.epoch();
            case PeerMessage.StateBegin m -> "first part of checkpoint " + m.epoch();
            case PeerMessage.StateEnd m -> "last part of checkpoint " + m.epoch();
            case PeerMessage.StateRefused m -> "StateRefused checkpoint " + m.epoch() + ": " + m.reason();
            case PeerMessage.Committed m -> "Committed checkpoint " + m.epoch();
            case PeerMessage.HandOver m -> "HandOver at checkpoint " + m.epoch();
            case PeerMessage.HandOverRefused m -> "HandOverRefused: " + m.reason();
            case PeerMessage.Leaving m -> "Leaving";
            case PeerMessage.Heartbeat m -> null;
            case PeerMessage.Hello m -> null;
            case PeerMessage.StateChunk m -> null;
        };
    }

    /** What a host asks the storage for. */
    static String request(Request<?> request) {
        Extent extent = request.extent;
        String where = extent == null ? "" : " " + Cells.name(extent);
        return switch (request.what) {
            case RECORD -> "read the record";
            case OPEN -> "open a session";
            case CHANGE -> "change the record";
            case READ, READ_OLD -> "read" + where;
            case WRITE -> "write" + where;
            case FLUSH -> "flush";
        };
    }
}
