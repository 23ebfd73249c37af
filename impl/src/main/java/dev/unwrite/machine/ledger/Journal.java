package dev.unwrite.machine.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The redo journal: two slots, used in turn, each with the page images of one batch. See the package's text. */
final class Journal {
    private static final int MAGIC = 0x55574C4A; // UWLJ
    private static final int CRC_AT = 4;
    private static final int HEADER_BYTES = 24;

    private final LedgerVolume volume;
    private int next;

    /** {@code next} is the slot that the next batch writes. */
    Journal(LedgerVolume volume, int next) {
        this.volume = volume;
        this.next = next;
    }

    int next() {
        return next;
    }

    /** The slot that does not hold the newest of the entries. */
    static int slotAfter(List<Entry> entries) {
        return entries.isEmpty() ? 0 : (entries.getLast().slot() + 1) % Layout.JOURNAL_SLOTS;
    }

    /** An entry that was found whole. */
    record Entry(int slot, long batch, SortedMap<Integer, ByteBuffer> images) {}

    /** Durable only after a flush. */
    void write(long batch, SortedMap<Integer, ByteBuffer> images) throws IOException {
        ByteBuffer entry = ByteBuffer.allocate((1 + images.size()) * LedgerVolume.PAGE);
        entry.putInt(MAGIC).putInt(0).putLong(batch).putInt(images.size()).putInt(0);
        images.forEach((page, image) -> entry.putInt(page).putInt(checksum(image)));
        entry.putInt(CRC_AT, headerChecksum(entry));
        entry.position(LedgerVolume.PAGE);
        images.values().forEach(image -> entry.put(image.duplicate()));
        volume.write(Layout.journalSlot(next), entry.flip());
        next = (next + 1) % Layout.JOURNAL_SLOTS;
    }

    /**
     * The whole entries that a cold start must redo, oldest first. It is two where there are two: the newest may be whole
     * although its flush never ended, and then the pages of the one before it may be missing in place.
     */
    static List<Entry> entries(LedgerVolume volume) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (int slot = 0; slot < Layout.JOURNAL_SLOTS; slot++) {
            Entry entry = read(volume, slot);
            if (entry != null) {
                entries.add(entry);
            }
        }
        entries.sort(Comparator.comparingLong(Entry::batch));
        // Slots are used in turn, so two whole entries are of consecutive batches; an older one must never be redone.
        if (entries.size() == Layout.JOURNAL_SLOTS
                && entries.getFirst().batch() + 1 != entries.getLast().batch()) {
            throw new IOException("the journal has batch " + entries.getFirst().batch() + " beside batch "
                    + entries.getLast().batch() + ", which no crash leaves");
        }
        return entries;
    }

    private static @Nullable Entry read(LedgerVolume volume, int slot) throws IOException {
        List<ByteBuffer> pages = volume.read(Layout.journalSlot(slot), Layout.JOURNAL_SLOT_PAGES);
        ByteBuffer header = pages.getFirst();
        int count = header.getInt(16);
        if (header.getInt(0) != MAGIC
                || header.getInt(CRC_AT) != headerChecksum(header)
                || count < 1
                || count > LedgerLimits.BATCH_PAGES_MAX) {
            return null;
        }
        SortedMap<Integer, ByteBuffer> images = new TreeMap<>();
        header.position(HEADER_BYTES);
        for (int i = 1; i <= count; i++) {
            int page = header.getInt();
            if (header.getInt() != checksum(pages.get(i))) {
                return null;
            }
            images.put(page, pages.get(i));
        }
        return new Entry(slot, header.getLong(8), images);
    }

    private static int checksum(ByteBuffer image) {
        CRC32C crc = new CRC32C();
        crc.update(image.duplicate());
        return (int) crc.getValue();
    }

    /** Of the header page without the checksum itself and the magic before it. */
    private static int headerChecksum(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().clear().position(CRC_AT + Integer.BYTES).limit(LedgerVolume.PAGE));
        return (int) crc.getValue();
    }
}
