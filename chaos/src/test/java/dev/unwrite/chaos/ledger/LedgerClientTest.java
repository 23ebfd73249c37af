package dev.unwrite.chaos.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.unwrite.chaos.ledger.LedgerChecker.Verdict;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import dev.unwrite.machine.ledger.LedgerConfig;
import dev.unwrite.machine.ledger.LedgerPair;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LedgerClientTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration REPLY_TIMEOUT = Duration.ofMillis(300);

    private final LedgerPair pair = new LedgerPair(new LedgerConfig(16, 1000, 4, 20));

    @AfterEach
    void close() {
        pair.close();
    }

    @Test
    void asksOneAfterTheOther() throws IOException {
        pair.start();
        try (LedgerClient client = new LedgerClient("a", pair.addresses(), REPLY_TIMEOUT)) {
            assertThat(client.connect(LONG)).isTrue();
            assertThat(client.accounts()).isEqualTo(16);
            Operation transfer = client.call(new Ask.Transfer(1, 2, 30), LONG);
            assertThat(transfer.outcome()).isEqualTo(Outcome.OK);
            assertThat(transfer.values()).containsExactly(970L, 1030L);
            assertThat(client.call(new Ask.Transfer(1, 2, 5000), LONG).outcome())
                    .isEqualTo(Outcome.FAIL);
            assertThat(client.call(new Ask.Read(2), LONG).values()).containsExactly(1030L);
            assertThat(client.call(new Ask.Balances(), LONG).values()).hasSize(16);
        }
    }

    @Test
    void aRequestWhoseReplyWasLostTakesEffectOnceAtTheOtherHost() throws IOException {
        pair.start();
        try (LedgerClient client = new LedgerClient("a", pair.addresses(), REPLY_TIMEOUT)) {
            assertThat(client.connect(LONG)).isTrue();
            client.call(new Ask.Transfer(0, 1, 10), LONG);
            pair.checkpoint();
            pair.holdReplies();
            client.invoke(new Ask.Transfer(0, 1, 10));
            client.invoke(new Ask.Transfer(0, 1, 10));
            assertThat(client.complete(Duration.ofMillis(50))).isNull();
            pair.failOver();
            assertThat(client.complete(LONG)).extracting(Operation::values).isEqualTo(List.of(980L, 1020L));
            assertThat(client.complete(LONG)).extracting(Operation::values).isEqualTo(List.of(970L, 1030L));
        }
        LedgerView view = LedgerView.read(pair.addresses(), List.of("a"), LONG);
        assertThat(view.balances().subList(0, 2)).containsExactly(970L, 1030L);
        assertThat(view.last()).containsEntry("a", 3L);
        assertThat(view.check()).startsWith("OK total=16000");
    }

    @Test
    void aLedgerThatHasForgottenAnAnswerIsNoticed() throws IOException {
        pair.start();
        try (LedgerClient client = new LedgerClient("a", pair.addresses(), REPLY_TIMEOUT)) {
            assertThat(client.connect(LONG)).isTrue();
            pair.checkpoint();
            client.call(new Ask.Transfer(0, 1, 10), LONG);
            pair.failOver();
            assertThat(client.call(new Ask.Read(0), Duration.ofSeconds(2)).outcome())
                    .isEqualTo(Outcome.INFO);
            assertThat(client.forgotten()).isNotNull();
        }
    }

    @Test
    void withoutALedgerItGivesUpInTimeAndSaysWhy() throws IOException {
        pair.start();
        pair.close();
        try (LedgerClient client = new LedgerClient("a", pair.addresses(), REPLY_TIMEOUT)) {
            assertThat(client.connect(Duration.ofMillis(200))).isFalse();
            assertThat(client.lastProblem()).contains("refused");
        }
    }

    @Test
    void aLoadOverFailoversLeavesAValidHistory(@TempDir Path dir) throws IOException, InterruptedException {
        pair.start();
        pair.checkpointBeforeReplies();
        Path file = dir.resolve("history.jsonl");
        ClientLoad.Settings settings = new ClientLoad.Settings(pair.addresses(), "c", 6, 7, 0, 4, REPLY_TIMEOUT);
        try (LedgerHistory history = new LedgerHistory(file);
                ClientLoad load = new ClientLoad(settings, history)) {
            load.start();
            for (int failover = 1; failover <= 3; failover++) {
                long enough = load.progress().ok() + 200;
                await().atMost(LONG).until(() -> load.progress().ok() > enough);
                pair.failOver();
            }
            long enough = load.progress().ok() + 200;
            await().atMost(LONG).until(() -> load.progress().ok() > enough);
            load.finish(LONG);
        }
        List<Operation> history = LedgerHistory.read(file);
        LedgerView view = LedgerView.read(pair.addresses(), ClientLoad.clientIds("c", 6), LONG);
        LedgerChecker.Result result = LedgerChecker.check(history, view);
        assertThat(result.findings()).isEmpty();
        assertThat(result.verdict()).isEqualTo(Verdict.VALID);
        assertThat(result.answered()).isGreaterThan(800);
        // Only the balances of all accounts cannot be answered again.
        assertThat(history)
                .filteredOn(op -> op.outcome() == Outcome.INFO)
                .allMatch(op -> op.op() == Operation.Kind.BALANCES);
        assertThat(pair.failures()).isEmpty();
    }

    @Test
    void aLoadOverARollbackBehindAnAnswerIsFound(@TempDir Path dir) throws IOException, InterruptedException {
        pair.start();
        Path file = dir.resolve("history.jsonl");
        ClientLoad.Settings settings = new ClientLoad.Settings(pair.addresses(), "c", 4, 7, 0, 4, REPLY_TIMEOUT);
        try (LedgerHistory history = new LedgerHistory(file);
                ClientLoad load = new ClientLoad(settings, history)) {
            load.start();
            await().atMost(LONG).until(() -> load.progress().ok() > 100);
            pair.checkpoint();
            long enough = load.progress().ok() + 100;
            await().atMost(LONG).until(() -> load.progress().ok() > enough);
            // Replies were not held back, so what was answered since the checkpoint is now undone.
            pair.failOver();
            await().pollDelay(Duration.ofMillis(300)).until(() -> true);
            load.finish(Duration.ofSeconds(2));
        }
        LedgerView view = LedgerView.read(pair.addresses(), ClientLoad.clientIds("c", 4), LONG);
        LedgerChecker.Result result = LedgerChecker.check(LedgerHistory.read(file), view);
        assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(result.findings()).anySatisfy(text -> assertThat(text).startsWith("lost: "));
    }
}
