package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A client page: what the ledger remembers of its clients. */
final class ClientPage {
    static final int MAGIC = 0x55574C43; // UWLC
    static final int CAPACITY = (LedgerVolume.PAGE - PageHeader.BYTES) / ClientSlot.BYTES;

    private ClientPage() {}

    static ByteBuffer encode(Layout layout, int page, long batch, @Nullable ClientSlot[] slots) {
        ByteBuffer buffer = PageHeader.begin(MAGIC, page, batch);
        int first = layout.firstClientOf(page);
        for (int i = 0; i < layout.clientsOn(page); i++) {
            ClientSlot slot = slots[first + i];
            if (slot != null) {
                slot.encode(buffer.slice(PageHeader.BYTES + i * ClientSlot.BYTES, ClientSlot.BYTES));
            }
        }
        return PageHeader.seal(buffer);
    }

    static @Nullable ClientSlot slot(ByteBuffer buffer, int index) {
        return ClientSlot.decode(buffer.slice(PageHeader.BYTES + index * ClientSlot.BYTES, ClientSlot.BYTES));
    }
}
