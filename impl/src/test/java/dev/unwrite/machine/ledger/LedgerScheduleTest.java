package dev.unwrite.machine.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Random schedules of requests, repeats, batches, checkpoints, rollbacks and crashes against a model of a few lines. The list of
 * actions is what is generated, so that a failure shrinks to the actions that matter.
 */
class LedgerScheduleTest {
    private static final LedgerConfig CONFIG = new LedgerConfig(6, 40, 2, 8);
    private static final long BYTES = 140L * LedgerVolume.PAGE;

    sealed interface Action {
        record Ask(int client, int from, int to, int amount) implements Action {}

        record AskAgain(int client, int back) implements Action {}

        record Commit() implements Action {}

        record Checkpoint() implements Action {}

        record Rollback() implements Action {}

        record Crash(int seed) implements Action {}
    }

    @Provide
    Arbitrary<List<Action>> schedules() {
        Arbitrary<Integer> client = Arbitraries.integers().between(0, 3);
        Arbitrary<Integer> account = Arbitraries.integers().between(0, 5);
        Arbitrary<Action> ask = Combinators.combine(
                        client, account, account, Arbitraries.integers().between(1, 60))
                .as(Action.Ask::new);
        Arbitrary<Action> again = Combinators.combine(
                        client, Arbitraries.integers().between(0, 20))
                .as(Action.AskAgain::new);
        Arbitrary<Action> crash = Arbitraries.integers().between(0, 1000).map(Action.Crash::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(12, ask),
                        Tuple.of(4, again),
                        Tuple.of(5, Arbitraries.just(new Action.Commit())),
                        Tuple.of(2, Arbitraries.just(new Action.Checkpoint())),
                        Tuple.of(1, Arbitraries.just(new Action.Rollback())),
                        Tuple.of(1, crash))
                .list()
                .ofMaxSize(60);
    }

    @Property(tries = 300)
    void everyRequestTakesEffectOnce(@ForAll("schedules") List<Action> schedule) throws IOException {
        Pair pair = new Pair();
        for (Action action : schedule) {
            pair.act(action);
        }
        pair.commit();
        assertThat(pair.store.check(pair.ledger)).isNull();
    }

    /** What the ledger should be. */
    private static final class Model {
        private final long[] balances;
        private final Map<String, Map<Long, String>> replies = new HashMap<>();
        private final Map<String, Map<Long, LedgerRequest>> requests = new HashMap<>();
        private long seq;

        Model(long[] balances) {
            this.balances = balances;
        }

        Model copy() {
            Model copy = new Model(balances.clone());
            copy.seq = seq;
            replies.forEach((client, own) -> copy.replies.put(client, new HashMap<>(own)));
            requests.forEach((client, own) -> copy.requests.put(client, new HashMap<>(own)));
            return copy;
        }

        long last(String client) {
            return replies.getOrDefault(client, Map.of()).size();
        }

        String expect(String client, LedgerRequest.Transfer t) {
            seq++;
            boolean done = balances[t.from()] >= t.amount();
            if (done) {
                balances[t.from()] -= t.amount();
                balances[t.to()] += t.amount();
            }
            String reply = done
                    ? "OK " + t.reqno() + " seq=" + seq + " from=" + balances[t.from()] + " to=" + balances[t.to()]
                    : "NO " + t.reqno() + " seq=" + seq + " from=" + balances[t.from()];
            replies.computeIfAbsent(client, c -> new HashMap<>()).put(t.reqno(), reply);
            requests.computeIfAbsent(client, c -> new HashMap<>()).put(t.reqno(), t);
            return reply;
        }
    }

    /** The ledger, its device, and the last checkpoint of both. */
    private static final class Pair {
        private MemoryDevice device = new MemoryDevice(BYTES);
        private Ledger ledger;
        private Store store;
        private Model model;
        private Model committed;
        private byte @Nullable [] state;
        private byte[] disk = new byte[0];
        private Model checkpointed;

        Pair() throws IOException {
            ColdStart.Found found = ColdStart.from(new LedgerVolume(device), CONFIG);
            ledger = found.ledger();
            store = found.store();
            long[] balances = new long[CONFIG.accounts()];
            Arrays.fill(balances, CONFIG.initialBalance());
            model = new Model(balances);
            committed = model.copy();
            checkpointed = model.copy();
        }

        void act(Action action) throws IOException {
            switch (action) {
                case Action.Ask ask -> ask("c" + ask.client(), ask);
                case Action.AskAgain again -> askAgain("c" + again.client(), again.back());
                case Action.Commit _ -> commit();
                case Action.Checkpoint _ -> checkpoint();
                case Action.Rollback _ -> rollback();
                case Action.Crash crash -> crash(crash.seed());
            }
        }

        private void ask(String client, Action.Ask ask) {
            String hello = ledger.execute(null, new LedgerRequest.Hello(client));
            assertThat(hello).startsWith("OK hello last=" + model.last(client) + " ");
            int to = ask.to() == ask.from() ? (ask.to() + 1) % CONFIG.accounts() : ask.to();
            LedgerRequest.Transfer t = new LedgerRequest.Transfer(model.last(client) + 1, ask.from(), to, ask.amount());
            assertThat(ledger.execute(client, t)).isEqualTo(model.expect(client, t));
        }

        private void askAgain(String client, int back) {
            long reqno = model.last(client) - back;
            LedgerRequest request =
                    model.requests.getOrDefault(client, Map.of()).get(reqno);
            if (request == null) {
                return;
            }
            String reply = model.replies.getOrDefault(client, Map.of()).get(reqno);
            assertThat(ledger.execute(client, request))
                    .isEqualTo(back < LedgerLimits.WINDOW ? reply : "OLD " + reqno + " last=" + model.last(client));
        }

        void commit() throws IOException {
            store.commit(ledger);
            committed = model.copy();
            assertThat(store.check(ledger)).isNull();
            assertThat(ledger.total()).isEqualTo(CONFIG.total());
        }

        private void checkpoint() throws IOException {
            commit();
            try (SavedLedger saved = new SavedLedger(ledger.copy(), store.nextJournalSlot())) {
                state = saved.open().readAllBytes();
            }
            disk = device.snapshot();
            checkpointed = model.copy();
        }

        private void rollback() throws IOException {
            byte[] mirrored = state;
            if (mirrored == null) {
                return;
            }
            device = new MemoryDevice(disk);
            SavedLedger saved = SavedLedger.read(new ByteArrayInputStream(mirrored));
            ledger = saved.ledger();
            store = new Store(new LedgerVolume(device), saved);
            assertThat(store.check(ledger)).isNull();
            model = checkpointed.copy();
            committed = model.copy();
        }

        /** A crash of a solo host between two batches; the batch that was not begun is gone, all else is there. */
        private void crash(int seed) throws IOException {
            device = device.crash(new Random(seed));
            ColdStart.Found found = ColdStart.from(new LedgerVolume(device), CONFIG);
            ledger = found.ledger();
            store = found.store();
            model = committed.copy();
            assertThat(ledger.seq()).isEqualTo(model.seq);
            for (int account = 0; account < CONFIG.accounts(); account++) {
                assertThat(ledger.balance(account)).isEqualTo(model.balances[account]);
            }
        }
    }
}
