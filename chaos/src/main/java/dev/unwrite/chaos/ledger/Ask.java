package dev.unwrite.chaos.ledger;

/** What a client can ask, without its number. */
public sealed interface Ask {
    /** Moves {@code amount} (at least 1) between two accounts. */
    record Transfer(int from, int to, long amount) implements Ask {}

    /** Reads one account. */
    record Read(int account) implements Ask {}

    /** Reads all accounts at one moment. */
    record Balances() implements Ask {}

    /** The request line. */
    default String line(long reqno) {
        return switch (this) {
            case Transfer t -> "T " + reqno + " " + t.from() + " " + t.to() + " " + t.amount();
            case Read r -> "R " + reqno + " " + r.account();
            case Balances _ -> "B " + reqno;
        };
    }
}
