package dev.unwrite.chaos.ledger;

import dev.unwrite.chaos.ledger.Operation.Kind;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request without an answer yet. */
record Pending(String client, long reqno, Ask ask, long invoke) {
    String line() {
        return ask.line(reqno);
    }

    /** The operation that a reply line makes of it; null where the line is no reply to it. */
    @Nullable
    Operation answered(String line) {
        if (line.startsWith("OK " + reqno + " ") || line.startsWith("NO " + reqno + " ")) {
            LedgerReply reply = LedgerReply.parse(line);
            return reply == null
                    ? null
                    : end(reply.done() ? Outcome.OK : Outcome.FAIL, reply.seq(), reply.values(), null);
        }
        if (line.startsWith("ERR ") || line.startsWith("OLD " + reqno + " ")) {
            return unknown(line);
        }
        return null;
    }

    Operation unknown(String why) {
        return end(Outcome.INFO, Operation.NO_SEQ, List.of(), why);
    }

    private Operation end(Outcome outcome, long seq, List<Long> values, @Nullable String error) {
        long now = Ticks.now();
        return switch (ask) {
            case Ask.Transfer t ->
                new Operation(
                        client,
                        reqno,
                        Kind.TRANSFER,
                        t.from(),
                        t.to(),
                        t.amount(),
                        invoke,
                        now,
                        outcome,
                        seq,
                        values,
                        error);
            case Ask.Read r ->
                new Operation(client, reqno, Kind.READ, r.account(), 0, 0, invoke, now, outcome, seq, values, error);
            case Ask.Balances _ ->
                new Operation(client, reqno, Kind.BALANCES, 0, 0, 0, invoke, now, outcome, seq, values, error);
        };
    }
}
