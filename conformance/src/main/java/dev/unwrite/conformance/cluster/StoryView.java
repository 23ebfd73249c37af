package dev.unwrite.conformance.cluster;

import dev.unwrite.checkpoint.Checkpoint;
import dev.unwrite.protocol.Extent;
import dev.unwrite.undo.UndoLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a story shows of disks. Of a host's own disk it is what a crash would leave now. */
final class StoryView {
    private final StoryWords words;

    StoryView(StoryWords words) {
        this.words = words;
    }

    /** The blocks that hold something. */
    List<String> sharedDisk(SharedDisk disk) {
        List<String> lines = new ArrayList<>();
        for (int cell = 0; cell < Cells.COUNT; cell += Cells.PER_BLOCK) {
            int[] now = StoryWords.cells(disk.image(), cell);
            int[] durable = StoryWords.cells(disk.durableImage(), cell);
            if (!isZeroes(now) || !isZeroes(durable)) {
                lines.add(words.block(disk.image(), cell)
                        + (Arrays.equals(now, durable)
                                ? ""
                                : " (not flushed; durable: " + words.content(durable) + ")"));
            }
        }
        return lines;
    }

    private static boolean isZeroes(int[] cells) {
        return Arrays.stream(cells).allMatch(value -> value == 0);
    }

    /** The copies. */
    List<String> undo(UndoLog log) throws IOException {
        List<UndoLog.RecordInfo> records = new ArrayList<>();
        log.forEachRecord(records::add);
        List<String> lines = new ArrayList<>();
        for (UndoLog.RecordInfo record : records) {
            long epoch = record.epoch().epoch();
            for (long block = record.firstBlock(); block < record.firstBlock() + record.count(); block++) {
                ByteBuffer copy = log.read(record.epoch().term(), epoch, record.volume(), block)
                        .orElseThrow();
                lines.add("epoch " + epoch + ": " + Cells.name(new Extent(record.volume(), block, 1)) + " was "
                        + words.content(Cells.values(0, Cells.PER_BLOCK, copy)));
            }
        }
        return lines;
    }

    /** The committed checkpoint, and what its machine remembers of its disk. */
    List<String> checkpoint(Remains remains) throws IOException {
        Checkpoint held = remains.checkpoint();
        if (held == null) {
            return List.of();
        }
        int[] image = remains.state().image();
        List<String> lines = new ArrayList<>(List.of("checkpoint " + held.epoch() + " of term " + held.term() + ":"));
        for (int cell = 0; cell < Cells.COUNT; cell += Cells.PER_BLOCK) {
            if (!isZeroes(StoryWords.cells(image, cell))) {
                lines.add("  " + words.block(image, cell));
            }
        }
        return lines;
    }
}
