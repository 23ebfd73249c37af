package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The state in memory, and what requests do to it. No input or output: what it changed is in {@link #dirty} until the
 * pages are written. Not thread-safe.
 */
final class Ledger {
    private final Layout layout;
    private final long[] balances;
    private final @Nullable ClientSlot[] slots;
    private final Map<String, ClientSlot> byId = new HashMap<>();
    /** For each data page, the batch that wrote it last. */
    private final long[] pageBatches;

    private final BitSet dirty = new BitSet();
    private long seq;
    private long batch;

    /** A new ledger: every account has the initial balance, no client is known. */
    Ledger(Layout layout) {
        this(
                layout,
                new long[layout.config().accounts()],
                new ClientSlot[layout.config().clients()],
                new long[layout.dataPages()],
                0,
                0);
        Arrays.fill(balances, layout.config().initialBalance());
    }

    Ledger(Layout layout, long[] balances, @Nullable ClientSlot[] slots, long[] pageBatches, long seq, long batch) {
        this.layout = layout;
        this.balances = balances;
        this.slots = slots;
        this.pageBatches = pageBatches;
        this.seq = seq;
        this.batch = batch;
        for (ClientSlot slot : slots) {
            if (slot != null) {
                byId.put(slot.id(), slot);
            }
        }
    }

    /** A snapshot that stays what it is. */
    Ledger copy() {
        @Nullable ClientSlot[] copies = new ClientSlot[slots.length];
        for (ClientSlot slot : byId.values()) {
            copies[slot.index()] = slot.copy();
        }
        return new Ledger(layout, balances.clone(), copies, pageBatches.clone(), seq, batch);
    }

    Layout layout() {
        return layout;
    }

    /** Transfers decided so far. */
    long seq() {
        return seq;
    }

    /** Batches written so far. */
    long batch() {
        return batch;
    }

    long balance(int account) {
        return balances[account];
    }

    long pageBatch(int page) {
        return pageBatches[page - Layout.DATA_FIRST];
    }

    @Nullable
    ClientSlot slot(int index) {
        return slots[index];
    }

    int clients() {
        return byId.size();
    }

    long total() {
        return Arrays.stream(balances).sum();
    }

    /** The pages that differ from the volume, by page number. */
    BitSet dirty() {
        return dirty;
    }

    /** Begins the batch that writes the dirty pages and returns their numbers; they count as clean from now on. */
    int[] beginBatch() {
        batch++;
        int[] pages = dirty.stream().toArray();
        for (int page : pages) {
            pageBatches[page - Layout.DATA_FIRST] = batch;
        }
        dirty.clear();
        return pages;
    }

    /** The pages that the newest batch has changed, as it left them. */
    SortedMap<Integer, ByteBuffer> newestPages() {
        SortedMap<Integer, ByteBuffer> pages = new TreeMap<>();
        for (int page = Layout.DATA_FIRST; page < layout.end(); page++) {
            if (batch > 0 && pageBatch(page) == batch) {
                pages.put(page, encode(page));
            }
        }
        return pages;
    }

    /** The page as it is, or after the next batch will be, on the volume. */
    ByteBuffer encode(int page) {
        return layout.isAccountPage(page)
                ? AccountPage.encode(layout, page, pageBatch(page), balances)
                : ClientPage.encode(layout, page, pageBatch(page), slots);
    }

    /** Executes one request and returns its reply. {@link LedgerRequest.Check} is not for the ledger alone. */
    String execute(@Nullable String client, LedgerRequest request) {
        return switch (request) {
            case LedgerRequest.Hello hello -> hello(hello.client());
            case LedgerRequest.Malformed malformed -> "ERR " + malformed.reason();
            case LedgerRequest.Check _ -> throw new IllegalArgumentException("CHECK needs the volume");
            case LedgerRequest.Numbered numbered -> {
                ClientSlot slot = client == null ? null : byId.get(client);
                yield slot == null ? "ERR say HELLO client-id first" : numbered(slot, numbered);
            }
        };
    }

    private String hello(String client) {
        ClientSlot slot = byId.get(client);
        if (slot == null) {
            if (byId.size() == slots.length) {
                return "ERR this ledger remembers " + slots.length + " clients and has no room for another";
            }
            // Clients are never forgotten, so the table has no holes.
            slot = new ClientSlot(client, byId.size());
            slots[slot.index()] = slot;
            byId.put(client, slot);
            dirty.set(layout.pageOfClient(slot.index()));
        }
        return "OK hello last=" + slot.last() + " accounts=" + balances.length + " initial="
                + layout.config().initialBalance() + " seq=" + seq;
    }

    private String numbered(ClientSlot slot, LedgerRequest.Numbered request) {
        long reqno = request.reqno();
        if (reqno <= slot.last()) {
            return again(slot, request);
        }
        if (reqno != slot.last() + 1) {
            return "ERR request number " + reqno + " leaves a gap, expected " + (slot.last() + 1);
        }
        String refusal = refusal(request);
        if (refusal != null) {
            return "ERR " + refusal;
        }
        Recorded reply = apply(request);
        slot.record(reqno, reply);
        dirty.set(layout.pageOfClient(slot.index()));
        return line(request, reply);
    }

    private String again(ClientSlot slot, LedgerRequest.Numbered request) {
        Recorded reply = slot.recorded(request.reqno());
        if (reply == null || (request instanceof LedgerRequest.Snapshot && request.reqno() != slot.last())) {
            return "OLD " + request.reqno() + " last=" + slot.last();
        }
        if (reply.fingerprint() != request.fingerprint()) {
            return "ERR request number " + request.reqno() + " was another request";
        }
        return line(request, request instanceof LedgerRequest.Snapshot ? apply(request) : reply);
    }

    private @Nullable String refusal(LedgerRequest.Numbered request) {
        return switch (request) {
            case LedgerRequest.Transfer t when missing(t.from()) || missing(t.to()) -> accountsAre();
            case LedgerRequest.Transfer t when t.from() == t.to() -> "a transfer needs two accounts";
            case LedgerRequest.Transfer t when t.amount() == 0 -> "a transfer needs an amount of at least 1";
            case LedgerRequest.Read r when missing(r.account()) -> accountsAre();
            default -> null;
        };
    }

    private boolean missing(int account) {
        return account >= balances.length;
    }

    private String accountsAre() {
        return "accounts are 0 to " + (balances.length - 1);
    }

    private Recorded apply(LedgerRequest.Numbered request) {
        return switch (request) {
            case LedgerRequest.Transfer t -> transfer(t);
            case LedgerRequest.Read r ->
                new Recorded(Recorded.Kind.READ, true, r.fingerprint(), seq, balances[r.account()], 0);
            case LedgerRequest.Snapshot s ->
                new Recorded(Recorded.Kind.SNAPSHOT, true, s.fingerprint(), seq, total(), 0);
        };
    }

    private Recorded transfer(LedgerRequest.Transfer t) {
        seq++;
        if (balances[t.from()] < t.amount()) {
            return new Recorded(Recorded.Kind.TRANSFER, false, t.fingerprint(), seq, balances[t.from()], 0);
        }
        balances[t.from()] -= t.amount();
        balances[t.to()] += t.amount();
        dirty.set(layout.pageOfAccount(t.from()));
        dirty.set(layout.pageOfAccount(t.to()));
        return new Recorded(Recorded.Kind.TRANSFER, true, t.fingerprint(), seq, balances[t.from()], balances[t.to()]);
    }

    private String line(LedgerRequest.Numbered request, Recorded reply) {
        String line = reply.line(request.reqno());
        if (!(request instanceof LedgerRequest.Snapshot)) {
            return line;
        }
        StringJoiner all = new StringJoiner(",", line + " balances=", "");
        for (long balance : balances) {
            all.add(Long.toString(balance));
        }
        return all.toString();
    }
}
