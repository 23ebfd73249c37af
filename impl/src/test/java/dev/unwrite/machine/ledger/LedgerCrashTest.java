package dev.unwrite.machine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A solo host that crashes at any write, with any part of its unflushed writes lost or torn, loses nothing. */
@Timeout(120)
class LedgerCrashTest {
    private static final LedgerConfig CONFIG = new LedgerConfig(12, 50, 3, 9);
    private static final long BYTES = 150L * LedgerVolume.PAGE;
    private static final int BATCHES = 8;
    private static final int CRASHES_PER_WRITE = 6;

    private record Sent(String client, LedgerRequest request) {}

    /** A run that was ended by a planned failure: its last whole batch, and the one that failed. */
    private static final class Run {
        private final List<List<Sent>> batches = new ArrayList<>();
        private final List<byte[]> states = new ArrayList<>();
        private boolean failed;
    }

    @Test
    void afterACrashAtAnyWriteTheLedgerIsAtTheBoundaryOfABatch() throws IOException {
        int writes = writesOfAWholeRun();
        assertThat(writes).isGreaterThan(BATCHES * 3);
        int redone = 0;
        for (int write = 0; write < writes; write++) {
            MemoryDevice device = initialised();
            Run run = run(device, write);
            assertThat(run.failed).isTrue();
            for (int seed = 0; seed < CRASHES_PER_WRITE; seed++) {
                redone += recoverAndSendAgain(run, device.crash(new Random(seed)), "write " + write + " seed " + seed);
            }
        }
        assertThat(redone).as("crashes after which the failed batch was redone").isPositive();
    }

    /** 1 where the failed batch had reached the journal, else 0. */
    private static int recoverAndSendAgain(Run run, MemoryDevice device, String where) throws IOException {
        ColdStart.Found found = ColdStart.from(new LedgerVolume(device), CONFIG);
        int failedBatch = run.batches.size() - 1;
        byte[] before = run.states.get(failedBatch);
        byte[] after = run.states.get(failedBatch + 1);
        byte[] recovered = balancesAndClients(found.ledger());
        assertThat(recovered).as(where).isIn(before, after);
        assertThat(found.store().check(found.ledger())).as(where).isNull();
        // The clients had no replies, so they send the batch again; whatever survived, it takes effect once.
        for (Sent sent : run.batches.getLast()) {
            found.ledger().execute(sent.client(), sent.request());
        }
        found.store().commit(found.ledger());
        assertThat(balancesAndClients(found.ledger())).as(where).isEqualTo(after);
        assertThat(found.store().check(found.ledger())).as(where).isNull();
        return Arrays.equals(recovered, after) ? 1 : 0;
    }

    @Test
    void aCrashWhileRecoveringOrInitialisingIsRecoveredToo() throws IOException {
        int writesToInitialise = initialised().writes();
        for (int write = 0; write < writesToInitialise; write++) {
            MemoryDevice device = new MemoryDevice(BYTES);
            device.failAfter(write);
            assertFails(device);
            ColdStart.Found found = ColdStart.from(new LedgerVolume(device.crash(new Random(write))), CONFIG);
            assertThat(found.ledger().total()).isEqualTo(CONFIG.total());
        }
        int writes = writesOfAWholeRun();
        for (int again = 0; again < 4; again++) {
            MemoryDevice device = initialised();
            Run run = run(device, writes - 1);
            MemoryDevice once = device.crash(new Random(again));
            once.failAfter(again);
            assertFails(once);
            recoverAndSendAgain(run, once.crash(new Random(again)), "recovery " + again);
        }
    }

    @Test
    void damageThatNoCrashMakesIsRefused() throws IOException {
        for (int page : new int[] {0, 129, 132, 133}) {
            byte[] content = initialised().snapshot();
            content[page * LedgerVolume.PAGE + 40] ^= 1;
            assertThatThrownBy(() -> ColdStart.from(new LedgerVolume(new MemoryDevice(content)), CONFIG))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("page " + page);
        }
    }

    @Test
    void aPageThatIsNewerThanTheJournalIsRefused() throws IOException {
        MemoryDevice device = initialised();
        run(device, Integer.MAX_VALUE);
        byte[] content = device.snapshot();
        zeroJournal(content);
        assertThatThrownBy(() -> ColdStart.from(new LedgerVolume(new MemoryDevice(content)), CONFIG))
                .hasMessageContaining("but the journal ends at batch 0");
    }

    private static void assertFails(MemoryDevice device) {
        assertThatThrownBy(() -> ColdStart.from(new LedgerVolume(device), CONFIG))
                .hasMessageContaining("planned failure");
    }

    private static void zeroJournal(byte[] content) {
        for (int slot = 0; slot < Layout.JOURNAL_SLOTS; slot++) {
            ByteBuffer.wrap(content, Layout.journalSlot(slot) * LedgerVolume.PAGE, LedgerVolume.PAGE)
                    .put(new byte[LedgerVolume.PAGE]);
        }
    }

    private static MemoryDevice initialised() throws IOException {
        MemoryDevice device = new MemoryDevice(BYTES);
        ColdStart.from(new LedgerVolume(device), CONFIG);
        return device;
    }

    private static int writesOfAWholeRun() throws IOException {
        MemoryDevice device = initialised();
        int before = device.writes();
        assertThat(run(device, Integer.MAX_VALUE).failed).isFalse();
        return device.writes() - before;
    }

    /** Cold start and some batches; the write after {@code writes} more fails. */
    private static Run run(MemoryDevice device, int writes) throws IOException {
        Run run = new Run();
        Random chance = new Random(42);
        ColdStart.Found found = ColdStart.from(new LedgerVolume(device), CONFIG);
        device.failAfter(writes);
        run.states.add(balancesAndClients(found.ledger()));
        try {
            for (int batch = 0; batch < BATCHES; batch++) {
                run.batches.add(batch(found.ledger(), chance));
                run.states.add(balancesAndClients(found.ledger()));
                found.store().commit(found.ledger());
                assertThat(device.isClean()).as("nothing waits for a flush").isTrue();
            }
        } catch (IOException e) {
            assertThat(e).hasMessage("planned failure");
            run.failed = true;
        }
        return run;
    }

    private static List<Sent> batch(Ledger ledger, Random chance) {
        List<Sent> batch = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String client = "c" + chance.nextInt(9);
            execute(ledger, batch, new Sent(client, new LedgerRequest.Hello(client)));
            long reqno = lastOf(ledger, client) + 1;
            int from = chance.nextInt(12);
            LedgerRequest request = chance.nextInt(5) == 0
                    ? new LedgerRequest.Read(reqno, from)
                    : new LedgerRequest.Transfer(
                            reqno, from, (from + 1 + chance.nextInt(11)) % 12, 1 + chance.nextInt(40));
            execute(ledger, batch, new Sent(client, request));
        }
        return batch;
    }

    private static void execute(Ledger ledger, List<Sent> batch, Sent sent) {
        batch.add(sent);
        assertThat(ledger.execute(sent.client(), sent.request())).doesNotStartWith("ERR");
    }

    private static long lastOf(Ledger ledger, String client) {
        for (int i = 0; i < ledger.clients(); i++) {
            ClientSlot slot = ledger.slot(i);
            if (slot != null && slot.id().equals(client)) {
                return slot.last();
            }
        }
        return 0;
    }

    /** All that a client could see; not the counters of the volume. */
    private static byte[] balancesAndClients(Ledger ledger) {
        LedgerConfig config = ledger.layout().config();
        ByteBuffer out = ByteBuffer.allocate(8 + config.accounts() * Long.BYTES + config.clients() * ClientSlot.BYTES);
        out.putLong(ledger.seq());
        for (int account = 0; account < config.accounts(); account++) {
            out.putLong(ledger.balance(account));
        }
        for (int client = 0; client < config.clients(); client++) {
            ClientSlot slot = ledger.slot(client);
            ByteBuffer part = out.slice(out.position(), ClientSlot.BYTES);
            out.position(out.position() + ClientSlot.BYTES);
            if (slot != null) {
                slot.encode(part);
            }
        }
        return out.array();
    }
}
