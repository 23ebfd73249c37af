package dev.unwrite.conformance.graph;

/** Guards of the specification, as far as a host alone decides them. */
final class Guards {
    private Guards() {}

    static boolean sendWrite(SpecHost h, int block) {
        int bit = 1 << block;
        return (h.is("primary") || h.is("restoring"))
                && h.mine() != 0
                && (h.pendingMask() & bit) != 0
                && (h.sent() & bit) == 0
                && (h.is("restoring") || h.mode().equals("solo") || (h.kept() & bit) != 0);
    }
}
