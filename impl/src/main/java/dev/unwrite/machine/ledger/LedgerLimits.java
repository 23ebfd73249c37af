package dev.unwrite.machine.ledger;

/** Every limit of the ledger, in one place. */
public final class LedgerLimits {
    /** The longest request line in bytes, without its end. */
    public static final int LINE_BYTES_MAX = 256;
    /** The longest client id in characters. */
    public static final int CLIENT_ID_MAX = 32;
    /** Replies kept for each client; also the most requests that a client may have on the way. */
    public static final int WINDOW = 16;
    /** Connections at once. */
    public static final int CONNECTIONS_MAX = 256;
    /** Requests of one connection without a reply; the server reads no further until one is answered. */
    public static final int OUTSTANDING_MAX = 64;
    /** Accounts of a ledger. */
    public static final int ACCOUNTS_MAX = 65_536;
    /** The most clients. Further ones are refused; none is forgotten, as that would break exactly-once. */
    public static final int CLIENTS_MAX = 4_096;
    /** Requests in one batch. */
    public static final int BATCH_REQUESTS_MAX = 256;
    /** Pages that one batch changes: the images that fit into a slot of the journal. */
    public static final int BATCH_PAGES_MAX = 63;
    /** Page writes under way at once. */
    public static final int WRITES_MAX = 16;

    private LedgerLimits() {}
}
