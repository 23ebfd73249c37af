package dev.unwrite.machine.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Builds the memory from the volume alone: initialises an empty volume, else redoes the journal and reads all pages. */
final class ColdStart {
    private final LedgerVolume volume;

    /** What a cold start found. */
    record Found(Ledger ledger, Store store) {}

    private ColdStart(LedgerVolume volume) {
        this.volume = volume;
    }

    /** {@code fresh} is the shape of a ledger on an empty volume. On return, what was found is durable. */
    static Found from(LedgerVolume volume, LedgerConfig fresh) throws IOException {
        ColdStart start = new ColdStart(volume);
        if (volume.pages() == 0) {
            throw new IOException("the volume has not even one page of " + LedgerVolume.PAGE + " bytes");
        }
        // Rule FlushAtColdStart: what is read from here on must not be lost any more.
        volume.flush();
        if (Superblock.isEmpty(volume.read(Layout.SUPERBLOCK))) {
            start.initialise(new Layout(fresh));
        }
        return start.recover(new Layout(Store.readSuperblock(volume)));
    }

    /** The superblock comes last: without it, the next cold start begins anew. */
    private void initialise(Layout layout) throws IOException {
        requireRoom(layout);
        ByteBuffer zeroes = ByteBuffer.allocate(LedgerVolume.PAGE);
        SortedMap<Integer, ByteBuffer> pages = new TreeMap<>();
        for (int slot = 0; slot < Layout.JOURNAL_SLOTS; slot++) {
            pages.put(Layout.journalSlot(slot), zeroes);
        }
        Ledger ledger = new Ledger(layout);
        for (int page = Layout.DATA_FIRST; page < layout.end(); page++) {
            pages.put(page, ledger.encode(page));
        }
        volume.write(pages);
        volume.flush();
        volume.write(Layout.SUPERBLOCK, Superblock.encode(layout.config()));
        volume.flush();
    }

    private Found recover(Layout layout) throws IOException {
        requireRoom(layout);
        List<Journal.Entry> entries = Journal.entries(volume);
        for (Journal.Entry entry : entries) {
            redo(layout, entry);
        }
        if (!entries.isEmpty()) {
            volume.flush();
        }
        Ledger ledger = read(layout, entries.isEmpty() ? 0 : entries.getLast().batch());
        if (ledger.total() != layout.config().total()) {
            throw new IOException("the balances on the volume add up to " + ledger.total() + ", not "
                    + layout.config().total());
        }
        return new Found(ledger, new Store(volume, Journal.slotAfter(entries)));
    }

    private void redo(Layout layout, Journal.Entry entry) throws IOException {
        for (int page : entry.images().keySet()) {
            if (!layout.isData(page)) {
                throw new IOException(
                        "journal slot " + entry.slot() + ": page " + page + " is not a page of this ledger");
            }
        }
        volume.write(entry.images());
    }

    private Ledger read(Layout layout, long newestBatch) throws IOException {
        List<ByteBuffer> pages = volume.read(Layout.DATA_FIRST, layout.dataPages());
        long[] balances = new long[layout.config().accounts()];
        long[] batches = new long[layout.dataPages()];
        @Nullable ClientSlot[] slots = new ClientSlot[layout.config().clients()];
        for (int page = Layout.DATA_FIRST; page < layout.end(); page++) {
            ByteBuffer content = pages.get(page - Layout.DATA_FIRST);
            batches[page - Layout.DATA_FIRST] = batchOf(layout, page, content, newestBatch);
            if (layout.isAccountPage(page)) {
                AccountPage.decode(layout, page, content, balances);
            } else {
                readClients(layout, page, content, slots);
            }
        }
        long seq = 0;
        for (ClientSlot slot : slots) {
            seq = slot == null ? seq : Math.max(seq, slot.highestSeq());
        }
        return new Ledger(layout, balances, slots, batches, seq, newestBatch);
    }

    private static long batchOf(Layout layout, int page, ByteBuffer content, long newest) throws IOException {
        int magic = layout.isAccountPage(page) ? AccountPage.MAGIC : ClientPage.MAGIC;
        String problem = PageHeader.problem(content, magic, page);
        if (problem != null) {
            throw new IOException(problem);
        }
        long batch = PageHeader.batch(content);
        if (batch > newest) {
            throw new IOException(
                    "page " + page + ": written by batch " + batch + ", but the journal ends at batch " + newest);
        }
        return batch;
    }

    private static void readClients(Layout layout, int page, ByteBuffer content, @Nullable ClientSlot[] slots)
            throws IOException {
        int first = layout.firstClientOf(page);
        for (int i = 0; i < layout.clientsOn(page); i++) {
            ClientSlot slot = ClientPage.slot(content, i);
            if (slot != null && slot.index() != first + i) {
                throw new IOException("page " + page + ": client " + slot.id() + " is in place " + (first + i)
                        + ", but says " + slot.index());
            }
            slots[first + i] = slot;
        }
    }

    private void requireRoom(Layout layout) throws IOException {
        if (volume.pages() < layout.end()) {
            throw new IOException("the volume has " + volume.pages() + " pages, but " + layout.config() + " needs "
                    + layout.end() + ": " + (long) layout.end() * LedgerVolume.PAGE + " bytes");
        }
    }
}
