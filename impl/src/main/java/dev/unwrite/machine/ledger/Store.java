package dev.unwrite.machine.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The ledger on its volume: written batch by batch, read at a cold start, compared by the self-check. */
final class Store {
    private final LedgerVolume volume;
    private final Journal journal;

    Store(LedgerVolume volume, int nextJournalSlot) {
        this.volume = volume;
        this.journal = new Journal(volume, nextJournalSlot);
    }

    int nextJournalSlot() {
        return journal.next();
    }

    /**
     * Writes what the ledger has changed. On return a crash cannot undo it once a later flush has ended, and none of its
     * writes is under way.
     */
    void commit(Ledger ledger) throws IOException {
        if (ledger.dirty().isEmpty()) {
            return;
        }
        SortedMap<Integer, ByteBuffer> images = new TreeMap<>();
        for (int page : ledger.beginBatch()) {
            images.put(page, ledger.encode(page));
        }
        journal.write(ledger.batch(), images);
        volume.flush();
        volume.write(images);
    }

    /** What first disagrees between the volume and the memory, or null. */
    @Nullable
    String check(Ledger ledger) throws IOException {
        Layout layout = ledger.layout();
        LedgerConfig onDisk = readSuperblock(volume);
        if (!onDisk.equals(layout.config())) {
            return "page 0: the volume has " + onDisk + ", the memory " + layout.config();
        }
        List<ByteBuffer> pages = volume.read(Layout.DATA_FIRST, layout.dataPages());
        for (int page = Layout.DATA_FIRST; page < layout.end(); page++) {
            String difference = Difference.between(pages.get(page - Layout.DATA_FIRST), ledger, page);
            if (difference != null) {
                return difference;
            }
        }
        return ledger.total() == layout.config().total()
                ? null
                : "the balances add up to " + ledger.total() + ", not "
                        + layout.config().total();
    }

    static LedgerConfig readSuperblock(LedgerVolume volume) throws IOException {
        return Superblock.decode(volume.read(Layout.SUPERBLOCK));
    }
}
