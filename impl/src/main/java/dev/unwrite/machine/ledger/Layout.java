package dev.unwrite.machine.ledger;

/** Where on the volume the pages of a ledger are. Data pages are the account pages and then the client pages. */
record Layout(LedgerConfig config) {
    static final int SUPERBLOCK = 0;
    static final int JOURNAL_FIRST = 1;
    static final int JOURNAL_SLOTS = 2;
    static final int JOURNAL_SLOT_PAGES = 1 + LedgerLimits.BATCH_PAGES_MAX;
    static final int DATA_FIRST = JOURNAL_FIRST + JOURNAL_SLOTS * JOURNAL_SLOT_PAGES;

    static int journalSlot(int slot) {
        return JOURNAL_FIRST + slot * JOURNAL_SLOT_PAGES;
    }

    int accountPages() {
        return ceil(config.accounts(), config.accountsPerPage());
    }

    int clientPages() {
        return ceil(config.clients(), ClientPage.CAPACITY);
    }

    int dataPages() {
        return accountPages() + clientPages();
    }

    int end() {
        return DATA_FIRST + dataPages();
    }

    boolean isData(int page) {
        return page >= DATA_FIRST && page < end();
    }

    boolean isAccountPage(int page) {
        return page < DATA_FIRST + accountPages();
    }

    int pageOfAccount(int account) {
        return DATA_FIRST + account / config.accountsPerPage();
    }

    int firstAccountOf(int page) {
        return (page - DATA_FIRST) * config.accountsPerPage();
    }

    int accountsOn(int page) {
        return Math.min(config.accountsPerPage(), config.accounts() - firstAccountOf(page));
    }

    int pageOfClient(int slot) {
        return DATA_FIRST + accountPages() + slot / ClientPage.CAPACITY;
    }

    int firstClientOf(int page) {
        return (page - DATA_FIRST - accountPages()) * ClientPage.CAPACITY;
    }

    int clientsOn(int page) {
        return Math.min(ClientPage.CAPACITY, config.clients() - firstClientOf(page));
    }

    private static int ceil(int items, int perPage) {
        return (items + perPage - 1) / perPage;
    }
}
