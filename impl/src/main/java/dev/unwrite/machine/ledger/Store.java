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
    /** Images of the newest batch: durable in the journal, written in place with the next batch. */
    private SortedMap<Integer, ByteBuffer> behind;

    /** After a cold start: all pages are in place. */
    Store(LedgerVolume volume, int nextJournalSlot) {
        this(volume, nextJournalSlot, new TreeMap<>());
    }

    /** With a mirrored state: those of the newest batch may not be. */
    Store(LedgerVolume volume, SavedLedger saved) {
        this(volume, saved.nextJournalSlot(), saved.ledger().newestPages());
    }

    private Store(LedgerVolume volume, int nextJournalSlot, SortedMap<Integer, ByteBuffer> behind) {
        this.volume = volume;
        this.journal = new Journal(volume, nextJournalSlot);
        this.behind = behind;
    }

    int nextJournalSlot() {
        return journal.next();
    }

    /**
     * Writes what the ledger has changed. On return a crash cannot undo it, none of its writes is under way, and nothing that
     * was written waits for a flush.
     */
    void commit(Ledger ledger) throws IOException {
        if (ledger.dirty().isEmpty()) {
            return;
        }
        SortedMap<Integer, ByteBuffer> images = new TreeMap<>();
        for (int page : ledger.beginBatch()) {
            images.put(page, ledger.encode(page));
        }
        volume.write(behind);
        journal.write(ledger.batch(), images);
        volume.flush();
        behind = images;
    }

    /** What first disagrees between the volume, as a cold start would find it, and the memory, or null. */
    @Nullable
    String check(Ledger ledger) throws IOException {
        Layout layout = ledger.layout();
        LedgerConfig onDisk = readSuperblock(volume);
        if (!onDisk.equals(layout.config())) {
            return "page 0: the volume has " + onDisk + ", the memory " + layout.config();
        }
        List<ByteBuffer> pages = volume.read(Layout.DATA_FIRST, layout.dataPages());
        List<Journal.Entry> entries = Journal.entries(volume);
        long newest = entries.isEmpty() ? 0 : entries.getLast().batch();
        SortedMap<Integer, ByteBuffer> images = new TreeMap<>();
        entries.forEach(entry -> images.putAll(entry.images()));
        for (int page = Layout.DATA_FIRST; page < layout.end(); page++) {
            ByteBuffer found = images.getOrDefault(page, pages.get(page - Layout.DATA_FIRST));
            String difference = Difference.between(found, ledger, page);
            if (difference != null) {
                return difference;
            }
        }
        if (newest != ledger.batch()) {
            return "the journal ends at batch " + newest + ", the memory at " + ledger.batch();
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
