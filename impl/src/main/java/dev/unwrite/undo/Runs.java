package dev.unwrite.undo;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A copy as it is stored: blocks of zeroes, which are stored without their content, apart from the others. */
record Runs(EpochKey epoch, int volume, List<Run> runs) {
    private static final ByteBuffer ZEROES =
            ByteBuffer.allocateDirect(UndoLog.BLOCK_BYTES).asReadOnlyBuffer();

    /** Adjacent blocks. {@code data}: their content, at whatever position; null for zeroes. */
    record Run(long first, int count, @Nullable ByteBuffer data) {
        boolean zero() {
            return data == null;
        }
    }

    /** Looks for zeroes in what is there, so that they cost nothing even where no backend tells of them. */
    static Runs of(Copy copy) {
        List<Run> runs = new ArrayList<>();
        ByteBuffer data = copy.data();
        if (data == null) {
            runs.add(new Run(copy.firstBlock(), copy.blockCount(), null));
        } else {
            for (int from = 0; from < copy.blockCount(); ) {
                boolean zero = isZero(data, from);
                int end = from + 1;
                while (end < copy.blockCount() && isZero(data, end) == zero) {
                    end++;
                }
                ByteBuffer part = zero ? null : data.slice(at(data, from), (end - from) * UndoLog.BLOCK_BYTES);
                runs.add(new Run(copy.firstBlock() + from, end - from, part));
                from = end;
            }
        }
        return new Runs(new EpochKey(copy.term(), copy.epoch()), copy.volume(), runs);
    }

    private static boolean isZero(ByteBuffer data, int block) {
        int at = at(data, block);
        // Most blocks are told apart by their first bytes.
        return data.getLong(at) == 0 && data.slice(at, UndoLog.BLOCK_BYTES).mismatch(ZEROES) < 0;
    }

    private static int at(ByteBuffer data, int block) {
        return data.position() + block * UndoLog.BLOCK_BYTES;
    }

    /** What has to be held in memory until it is stored. */
    long bytes() {
        long bytes = 0;
        for (Run run : runs) {
            bytes += run.data == null ? 0 : run.data.remaining();
        }
        return bytes;
    }
}
