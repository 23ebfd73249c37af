package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Says in words how a page on the volume differs from the memory. */
final class Difference {
    private Difference() {}

    /** The first difference, or null. */
    static @Nullable String between(ByteBuffer onDisk, Ledger ledger, int page) {
        if (onDisk.duplicate().clear().equals(ledger.encode(page).clear())) {
            return null;
        }
        Layout layout = ledger.layout();
        int magic = layout.isAccountPage(page) ? AccountPage.MAGIC : ClientPage.MAGIC;
        String problem = PageHeader.problem(onDisk, magic, page);
        if (problem != null) {
            return problem;
        }
        String inside = layout.isAccountPage(page) ? accounts(onDisk, ledger, page) : clients(onDisk, ledger, page);
        String batches =
                "batch " + PageHeader.batch(onDisk) + " on the volume, " + ledger.pageBatch(page) + " in memory";
        return "page " + page + ": " + (inside == null ? "" : inside + "; ") + batches;
    }

    private static @Nullable String accounts(ByteBuffer onDisk, Ledger ledger, int page) {
        int first = ledger.layout().firstAccountOf(page);
        for (int i = 0; i < ledger.layout().accountsOn(page); i++) {
            long disk = AccountPage.balance(onDisk, i);
            long memory = ledger.balance(first + i);
            if (disk != memory) {
                return "account " + (first + i) + " has " + disk + " on the volume, " + memory + " in memory";
            }
        }
        return null;
    }

    private static @Nullable String clients(ByteBuffer onDisk, Ledger ledger, int page) {
        int first = ledger.layout().firstClientOf(page);
        for (int i = 0; i < ledger.layout().clientsOn(page); i++) {
            String disk = describe(ClientPage.slot(onDisk, i));
            String memory = describe(ledger.slot(first + i));
            if (!Objects.equals(disk, memory)) {
                return "client " + (first + i) + " is " + disk + " on the volume, " + memory + " in memory";
            }
        }
        return null;
    }

    private static String describe(@Nullable ClientSlot slot) {
        return slot == null ? "nobody" : slot.id() + " at request " + slot.last();
    }
}
