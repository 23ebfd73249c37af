package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Action;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that the code is asked to do in every state.
 *
 * @param action the action of the specification that it would be
 * @param code the actions of the code, in order: one, or a first half and its second; refused if any of them is
 * @param term of a message or copy, 0 where there is none
 * @param epoch of a message, copy or checkpoint, 0 where there is none
 * @param block number, or -1
 * @param session as the caller says it, or 0
 * @param record as the caller tells it, or null if it tells none
 */
record Probe(
        String action,
        List<Action> code,
        long term,
        long epoch,
        int block,
        long session,
        @Nullable SpecRecord record) {
    Probe {
        code = List.copyOf(code);
    }

    static Probe of(String action, Action... code) {
        return new Probe(action, List.of(code), 0, 0, -1, 0, null);
    }

    Probe at(long atTerm, long atEpoch) {
        return new Probe(action, code, atTerm, atEpoch, block, session, record);
    }

    Probe on(int aBlock) {
        return new Probe(action, code, term, epoch, aBlock, session, record);
    }

    Probe in(long aSession) {
        return new Probe(action, code, term, epoch, block, aSession, record);
    }

    Probe by(SpecRecord aRecord) {
        return new Probe(action, code, term, epoch, block, session, aRecord);
    }

    /** The record that the caller tells; only asked for where it tells one. */
    SpecRecord told() {
        SpecRecord told = record;
        if (told == null) {
            throw new IllegalStateException(action + " needs no record");
        }
        return told;
    }

    @Override
    public String toString() {
        return code.toString();
    }
}
