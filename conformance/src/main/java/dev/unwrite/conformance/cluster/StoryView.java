package dev.unwrite.conformance.cluster;

import dev.unwrite.checkpoint.StoredCheckpoint;
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
        return StoryWords.blocks(0, Cells.COUNT, cell -> {
            int[] now = StoryWords.cells(disk.image(), cell);
            int[] durable = StoryWords.cells(disk.durableImage(), cell);
            if (Arrays.equals(now, durable)) {
                return isZeroes(now) ? "" : words.content(now);
            }
            return words.content(now) + " (not flushed; durable: " + words.content(durable) + ")";
        });
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
            int[] image = new int[Cells.COUNT];
            int from = Cells.volume(record.volume()).firstCell() + (int) record.firstBlock() * Cells.PER_BLOCK;
            int to = from + record.count() * Cells.PER_BLOCK;
            for (int cell = from; cell < to; cell += Cells.PER_BLOCK) {
                long block = Cells.block(cell).first();
                ByteBuffer copy = log.read(record.epoch().term(), record.epoch().epoch(), record.volume(), block)
                        .orElseThrow();
                System.arraycopy(Cells.values(0, Cells.PER_BLOCK, copy), 0, image, cell, Cells.PER_BLOCK);
            }
            String epoch = "epoch " + record.epoch().epoch() + ": ";
            lines.addAll(
                    StoryWords.blocks(from, to, cell -> "was " + words.content(StoryWords.cells(image, cell))).stream()
                            .map(epoch::concat)
                            .toList());
        }
        return lines;
    }

    /** The committed checkpoint, and what its machine remembers of its disk. */
    List<String> checkpoint(Remains remains) throws IOException {
        StoredCheckpoint held = remains.checkpoint();
        if (held == null) {
            return List.of();
        }
        int[] image = remains.state().image();
        String remembers = String.join(", ", StoryWords.blocks(0, Cells.COUNT, cell -> {
            int[] cells = StoryWords.cells(image, cell);
            return isZeroes(cells) ? "" : words.content(cells);
        }));
        return List.of("checkpoint " + held.epoch() + " of term " + held.term() + ": " + remembers);
    }
}
