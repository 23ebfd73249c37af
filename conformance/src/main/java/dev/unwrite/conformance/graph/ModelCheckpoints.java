package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecHost.Message;
import java.util.ArrayList;
import java.util.List;

/** The code knows a checkpoint by its epoch, the specification by the state of the machine that it holds. */
final class ModelCheckpoints {
    private ModelCheckpoints() {}

    /** The state of the checkpoint that a primary calls {@code epoch}; what was there at first for -1. */
    static List<Integer> stateOf(SpecState state, String host, long epoch) {
        if (epoch < 0) {
            return state.fresh();
        }
        long term = state.host(host).term();
        boolean own = parts(state, host, false, term, epoch) > 0;
        // A checkpoint that this host did not cut itself is the one with which it took over: of the term before.
        List<Integer> result = new ArrayList<>(state.fresh());
        for (Message message : state.net()) {
            if (isPart(message, host, !own, own ? term : term - 1, epoch)) {
                result.set(message.block(), message.value());
            }
        }
        return result;
    }

    private static long parts(SpecState state, String host, boolean received, long term, long epoch) {
        return state.net().stream()
                .filter(message -> isPart(message, host, received, term, epoch))
                .count();
    }

    private static boolean isPart(Message message, String host, boolean received, long term, long epoch) {
        return message.type().equals("Part")
                && message.to().equals(host) == received
                && message.term() == term
                && message.epoch() == epoch;
    }
}
