package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.chaos.volume.VolumeEvent;

/**
 * Something that a client asked for, whatever the load.
 *
 * @param kind a letter, as in the history
 * @param invoke nanoseconds since 1970, as {@code complete}
 */
record CampaignRequest(String client, char kind, long invoke, long complete, Outcome outcome) {
    /** Whether it got an answer. */
    boolean isAnswered() {
        return outcome != Outcome.INFO;
    }

    /** One of a raw volume. */
    static CampaignRequest of(VolumeEvent event) {
        return new CampaignRequest(event.client(), event.letter(), event.invoke(), event.complete(), event.outcome());
    }

    /** One of the ledger's. */
    static CampaignRequest of(Operation op) {
        char kind = switch (op.op()) {
            case TRANSFER -> 'T';
            case READ -> 'R';
            case BALANCES -> 'B';
            case HELLO -> 'H';
        };
        return new CampaignRequest(op.client(), kind, op.invoke(), op.complete(), op.outcome());
    }
}
