package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;

/** An account page: balances one after the other. */
final class AccountPage {
    static final int MAGIC = 0x55574C41; // UWLA
    static final int CAPACITY = (LedgerVolume.PAGE - PageHeader.BYTES) / Long.BYTES;

    private AccountPage() {}

    static ByteBuffer encode(Layout layout, int page, long batch, long[] balances) {
        ByteBuffer buffer = PageHeader.begin(MAGIC, page, batch);
        int first = layout.firstAccountOf(page);
        for (int account = first; account < first + layout.accountsOn(page); account++) {
            buffer.putLong(balances[account]);
        }
        return PageHeader.seal(buffer);
    }

    static void decode(Layout layout, int page, ByteBuffer buffer, long[] balances) {
        int first = layout.firstAccountOf(page);
        for (int i = 0; i < layout.accountsOn(page); i++) {
            balances[first + i] = balance(buffer, i);
        }
    }

    static long balance(ByteBuffer buffer, int index) {
        return buffer.getLong(PageHeader.BYTES + index * Long.BYTES);
    }
}
