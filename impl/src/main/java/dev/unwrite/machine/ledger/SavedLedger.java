package dev.unwrite.machine.ledger;

import dev.unwrite.machine.Machine;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A ledger as mirrored state: magic, version, length of the body, body, CRC32C of all before it. The body: shape,
 * counters, balances, the batch of each page, the clients. Numbers are big-endian.
 */
final class SavedLedger implements Machine.Flat {
    private static final int MAGIC = 0x55574C53; // UWLS
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 4 + 4 + 8;
    private static final int FIXED_BYTES = 4 + 8 + 4 + 4 + 8 + 8 + 4 + 4;
    private static final int LONGS_PER_CHUNK = 8192;

    private final Ledger ledger;
    private final int nextJournalSlot;

    /** {@code ledger} is a copy that nobody changes any more. */
    SavedLedger(Ledger ledger, int nextJournalSlot) {
        this.ledger = ledger;
        this.nextJournalSlot = nextJournalSlot;
    }

    @Override
    public InputStream open() {
        List<Supplier<ByteBuffer>> chunks = new ArrayList<>();
        chunks.add(this::header);
        int accounts = ledger.layout().config().accounts();
        for (int at = 0; at < accounts; at += LONGS_PER_CHUNK) {
            int first = at;
            chunks.add(() -> balances(first, Math.min(accounts, first + LONGS_PER_CHUNK)));
        }
        chunks.add(this::batches);
        for (int client = 0; client < ledger.clients(); client++) {
            int index = client;
            chunks.add(() -> client(index));
        }
        return new ChunkStream(chunks.iterator());
    }

    @Override
    public void close() {}

    private ByteBuffer header() {
        LedgerConfig config = ledger.layout().config();
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + FIXED_BYTES);
        out.putInt(MAGIC).putInt(VERSION).putLong(bodyBytes(ledger.layout(), ledger.clients()));
        out.putInt(config.accounts()).putLong(config.initialBalance());
        out.putInt(config.accountsPerPage()).putInt(config.clients());
        out.putLong(ledger.seq()).putLong(ledger.batch()).putInt(nextJournalSlot);
        return out.putInt(ledger.clients()).flip();
    }

    private static long bodyBytes(Layout layout, int clients) {
        return FIXED_BYTES
                + (long) (layout.config().accounts() + layout.dataPages()) * Long.BYTES
                + (long) clients * ClientSlot.BYTES;
    }

    private ByteBuffer balances(int from, int to) {
        ByteBuffer out = ByteBuffer.allocate((to - from) * Long.BYTES);
        for (int account = from; account < to; account++) {
            out.putLong(ledger.balance(account));
        }
        return out.flip();
    }

    private ByteBuffer batches() {
        ByteBuffer out = ByteBuffer.allocate(ledger.layout().dataPages() * Long.BYTES);
        for (int page = Layout.DATA_FIRST; page < ledger.layout().end(); page++) {
            out.putLong(ledger.pageBatch(page));
        }
        return out.flip();
    }

    private ByteBuffer client(int index) {
        ByteBuffer out = ByteBuffer.allocate(ClientSlot.BYTES);
        ClientSlot slot = ledger.slot(index);
        if (slot != null) {
            slot.encode(out);
        }
        return out.clear();
    }

    /** Reads a saved state to its end; an {@link IOException} says what is wrong with it. */
    static SavedLedger read(InputStream state) throws IOException {
        CheckedInputStream checked = new CheckedInputStream(state, new CRC32C());
        DataInputStream in = new DataInputStream(checked);
        try {
            if (in.readInt() != MAGIC) {
                throw new IOException("the mirrored state is not that of a ledger");
            }
            int version = in.readInt();
            if (version != VERSION) {
                throw new IOException("the mirrored state has version " + version + ", known is " + VERSION);
            }
            SavedLedger saved = body(in);
            int expected = (int) checked.getChecksum().getValue();
            if (in.readInt() != expected) {
                throw new IOException("the mirrored state is damaged (CRC32C)");
            }
            if (in.read() != -1) {
                throw new IOException("the mirrored state goes on behind its end");
            }
            return saved;
        } catch (EOFException e) {
            throw new IOException("the mirrored state ends too early", e);
        } catch (IllegalArgumentException e) {
            throw new IOException("the mirrored state is damaged: " + e.getMessage(), e);
        }
    }

    private static SavedLedger body(DataInputStream in) throws IOException {
        long bytes = in.readLong();
        int accounts = in.readInt();
        long initialBalance = in.readLong();
        Layout layout = new Layout(new LedgerConfig(accounts, initialBalance, in.readInt(), in.readInt()));
        long seq = in.readLong();
        long batch = in.readLong();
        int nextSlot = in.readInt();
        int clients = in.readInt();
        if (clients < 0
                || clients > layout.config().clients()
                || nextSlot < 0
                || nextSlot >= Layout.JOURNAL_SLOTS
                || bytes != bodyBytes(layout, clients)) {
            throw new IOException("the mirrored state is damaged: its counters contradict each other");
        }
        long[] balances = longs(in, accounts);
        long[] batches = longs(in, layout.dataPages());
        @Nullable ClientSlot[] slots = clients(in, clients, layout.config().clients());
        return new SavedLedger(new Ledger(layout, balances, slots, batches, seq, batch), nextSlot);
    }

    private static long[] longs(DataInputStream in, int count) throws IOException {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.readLong();
        }
        return values;
    }

    private static @Nullable ClientSlot[] clients(DataInputStream in, int count, int room) throws IOException {
        @Nullable ClientSlot[] slots = new ClientSlot[room];
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[ClientSlot.BYTES];
            in.readFully(bytes);
            ClientSlot slot = ClientSlot.decode(ByteBuffer.wrap(bytes));
            if (slot == null || slot.index() != i) {
                throw new IOException("the mirrored state is damaged: client " + i);
            }
            slots[i] = slot;
        }
        return slots;
    }

    /** The ledger that was saved. */
    Ledger ledger() {
        return ledger;
    }

    int nextJournalSlot() {
        return nextJournalSlot;
    }

    /** Gives out chunk after chunk, each made when its turn comes, and then the CRC32C of all of them. */
    private static final class ChunkStream extends InputStream {
        private final Iterator<Supplier<ByteBuffer>> chunks;
        private final CRC32C crc = new CRC32C();
        private ByteBuffer current = ByteBuffer.allocate(0);
        private boolean ended;

        ChunkStream(Iterator<Supplier<ByteBuffer>> chunks) {
            this.chunks = chunks;
        }

        @Override
        public int read() {
            return advance() ? current.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            if (!advance()) {
                return -1;
            }
            int some = Math.min(length, current.remaining());
            current.get(target, offset, some);
            return some;
        }

        private boolean advance() {
            while (!current.hasRemaining() && chunks.hasNext()) {
                current = chunks.next().get();
                crc.update(current.duplicate());
            }
            if (!current.hasRemaining() && !ended) {
                ended = true;
                current = ByteBuffer.allocate(Integer.BYTES)
                        .putInt((int) crc.getValue())
                        .flip();
            }
            return current.hasRemaining();
        }
    }
}
