package dev.unwrite.machine.ledger;

/**
 * The shape of a ledger, fixed when an empty volume is initialised; a volume that has a ledger keeps its own.
 *
 * @param accounts number of accounts, numbered from 0
 * @param initialBalance of each account; the total never changes
 * @param accountsPerPage fewer spread the transfers over more blocks
 * @param clients how many clients the ledger can remember
 */
public record LedgerConfig(int accounts, long initialBalance, int accountsPerPage, int clients) {
    /** 1024 accounts of 1000 each, on 64 pages, 128 clients. */
    public static final LedgerConfig DEFAULT = new LedgerConfig(1024, 1000, 16, 128);

    /** Throws {@link IllegalArgumentException} with one line that names the limit. */
    public LedgerConfig {
        within("accounts", accounts, 2, LedgerLimits.ACCOUNTS_MAX);
        within("accounts per page", accountsPerPage, 1, AccountPage.CAPACITY);
        within("clients", clients, 1, LedgerLimits.CLIENTS_MAX);
        within("initial balance", initialBalance, 0, Long.MAX_VALUE / LedgerLimits.ACCOUNTS_MAX);
    }

    /** What all balances together always are. */
    public long total() {
        return accounts * initialBalance;
    }

    private static void within(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " must be " + min + " to " + max + ", not " + value);
        }
    }
}
