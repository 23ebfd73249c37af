package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the code calls the things of the specification. */
final class CodeTerms {
    /** In the number of a version: a term counts so much, */
    private static final long VERSION_TERM = 1_000_000;
    /** ... and a base epoch so much. */
    private static final long VERSION_BASE = 10;

    private CodeTerms() {}

    /** A block of the specification is one block of volume 0. */
    static Extent extent(int block) {
        return new Extent(0, block, 1);
    }

    /** Of each block at most one write of the machine is under way, so the block makes its id. */
    static long id(int block) {
        return block + 1L;
    }

    /** The blocks as a bit mask. */
    static int mask(Blocks blocks) {
        int mask = 0;
        if (blocks.isEmpty()) {
            return mask;
        }
        for (Extent extent : blocks.extents()) {
            mask |= mask(extent);
        }
        return mask;
    }

    static int mask(Extent extent) {
        return ((1 << extent.count()) - 1) << extent.first();
    }

    static List<Integer> blocks(int mask) {
        List<Integer> blocks = new ArrayList<>();
        for (int b = 0; b < Integer.SIZE - 1; b++) {
            if ((mask & 1 << b) != 0) {
                blocks.add(b);
            }
        }
        return blocks;
    }

    /** Blocks in the words of the specification. */
    static String text(int mask) {
        return blocks(mask).stream().map(b -> "b" + (b + 1)).toList().toString();
    }

    /**
     * The record as the code has it. The specification has no version; a record never returns to what it was (term,
     * base and mode only go forward), so a number that grows with these stands for it.
     */
    static OwnershipRecord record(SpecRecord record) {
        long mode = switch (record.mode()) {
            case "rollback" -> 1;
            case "protected" -> 2;
            case "solo" -> 3;
            default -> 0;
        };
        return new OwnershipRecord(
                record.term() * VERSION_TERM + record.base() * VERSION_BASE + mode,
                record.term(),
                record.owner(),
                OwnershipRecord.Mode.valueOf(record.mode().toUpperCase(Locale.ROOT)),
                record.secondary(),
                record.base());
    }
}
