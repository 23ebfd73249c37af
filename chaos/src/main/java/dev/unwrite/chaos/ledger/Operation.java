package dev.unwrite.chaos.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of a history.
 *
 * @param from source of a transfer, or the account that was read
 * @param invoke nanoseconds since 1970 on a monotonic clock, as {@code complete}
 * @param seq the transfer number in the reply, {@link #NO_SEQ} where there was none
 * @param values the balances in the reply
 * @param error why there was no proper answer
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({
    "client",
    "reqno",
    "op",
    "from",
    "to",
    "amount",
    "invoke",
    "complete",
    "outcome",
    "seq",
    "values",
    "error"
})
public record Operation(
        String client,
        long reqno,
        Kind op,
        int from,
        int to,
        long amount,
        long invoke,
        long complete,
        Outcome outcome,
        long seq,
        List<Long> values,
        @Nullable String error) {
    /** What {@link #seq} is without a reply. */
    public static final long NO_SEQ = -1;

    /** What was asked. */
    public enum Kind {
        /** A transfer. */
        @JsonProperty("T")
        TRANSFER,
        /** A read of one account. */
        @JsonProperty("R")
        READ,
        /** A read of all balances. */
        @JsonProperty("B")
        BALANCES,
        /** A greeting that showed that an answered request is forgotten. */
        @JsonProperty("H")
        HELLO
    }

    /** How it ended. */
    public enum Outcome {
        /** Done. */
        @JsonProperty("ok")
        OK,
        /** Decided, but nothing moved. */
        @JsonProperty("fail")
        FAIL,
        /** Not known. */
        @JsonProperty("info")
        INFO
    }

    /** Copies the values. */
    public Operation {
        values = List.copyOf(values);
    }

    /** A transfer that was decided and has a number. */
    boolean isDecidedTransfer() {
        return op == Kind.TRANSFER && outcome != Outcome.INFO;
    }

    /** A transfer that may have taken effect or not. */
    boolean isOpenTransfer() {
        return op == Kind.TRANSFER && outcome == Outcome.INFO;
    }

    /** Short, for messages. */
    String name() {
        return client + "#" + reqno;
    }
}
