package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import dev.unwrite.storage.StorageCore.Answer;
import dev.unwrite.storage.StorageCore.Denial;
import dev.unwrite.storage.StorageCore.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

/** Whatever hosts do, and in whatever order: one writer, and none of a lower term. */
class StorageCoreTest {
    private static final List<String> HOSTS = List.of("A", "B", "C");

    /** What a host tries; sessions are picked among all that were ever opened, so most of them are stale. */
    sealed interface Move {
        record Open(String host, long termStep) implements Move {}

        record Cas(int session, boolean current, long termStep, String owner, Mode mode) implements Move {}

        record Reboot() implements Move {}

        record LoseCache() implements Move {}
    }

    /** All sessions ever opened, and the state. */
    private static final class Run {
        StorageState state = StorageState.started(OwnershipRecord.INITIAL);
        long number = 1L << 32;
        final List<Session> opened = new ArrayList<>();
        int grants;

        void apply(Move move) {
            switch (move) {
                case Move.Open open -> {
                    long term = Math.max(0, state.record().term() + open.termStep());
                    Answer answer = step(new Input.Open(open.host(), term, ++number));
                    opened.add(((Answer.Opened) answer).session());
                }
                case Move.Cas cas -> cas(cas);
                case Move.Reboot reboot -> {
                    state = StorageState.started(state.record());
                    number = ((number >>> 32) + 1) << 32;
                }
                case Move.LoseCache lose -> {
                    step(new Input.LoseCache());
                    number = ((number >>> 32) + 1) << 32;
                }
            }
        }

        private void cas(Move.Cas cas) {
            if (opened.isEmpty()) {
                return;
            }
            Session session = opened.get(opened.size() - 1 - cas.session() % opened.size());
            OwnershipRecord now = state.record();
            long term = Math.max(0, now.term() + cas.termStep());
            OwnershipRecord next = new OwnershipRecord(0, term, cas.owner(), cas.mode(), "", 0);
            long expect = cas.current() ? now.version() : now.version() - 1;
            Answer answer = step(new Input.Cas(session.host(), session.number(), expect, next));
            if (answer instanceof Answer.Compared compared && compared.ok()) {
                grants++;
            }
        }

        Answer step(Input input) {
            StorageCore.Step step = StorageCore.step(state, input);
            state = step.state();
            return step.answer();
        }

        List<Session> writers() {
            return opened.stream()
                    .filter(session -> StorageCore.denyWrite(state, session.host(), session.number()) == null)
                    .toList();
        }
    }

    @Provide
    Arbitrary<List<Move>> moves() {
        Arbitrary<String> hosts = Arbitraries.of(HOSTS);
        Arbitrary<Move> open =
                Combinators.combine(hosts, Arbitraries.longs().between(-1, 1)).as(Move.Open::new);
        Arbitrary<Move> cas = Combinators.combine(
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.frequency(net.jqwik.api.Tuple.of(5, true), net.jqwik.api.Tuple.of(1, false)),
                        Arbitraries.longs().between(-1, 1),
                        hosts,
                        Arbitraries.of(Mode.class))
                .as(Move.Cas::new);
        return Arbitraries.frequencyOf(
                        net.jqwik.api.Tuple.of(6, open),
                        net.jqwik.api.Tuple.of(8, cas),
                        net.jqwik.api.Tuple.of(1, Arbitraries.just(new Move.Reboot())),
                        net.jqwik.api.Tuple.of(1, Arbitraries.just(new Move.LoseCache())))
                .list()
                .ofMinSize(1)
                .ofMaxSize(40);
    }

    @Property(tries = 2000)
    void atMostOneSessionMayWriteAndOnlyTheOwnersInTheRecordsTerm(@ForAll("moves") List<Move> moves) {
        Run run = new Run();
        int withWriter = 0;
        for (Move move : moves) {
            run.apply(move);
            List<Session> writers = run.writers();
            assertThat(writers).hasSizeLessThanOrEqualTo(1);
            for (Session writer : writers) {
                withWriter++;
                assertThat(writer.host()).isEqualTo(run.state.record().owner());
                assertThat(writer.term()).isEqualTo(run.state.record().term());
                assertThat(run.state.writer()).isEqualTo(run.state.find(writer.host(), writer.number()));
            }
        }
        Statistics.label("a writer").collect(withWriter > 0);
        Statistics.label("a writer").coverage(coverage -> coverage.check(true).percentage(p -> p > 10));
    }

    @Property(tries = 2000)
    void afterAGrantNoWriteOfALowerTermIsEverAdmitted(@ForAll("moves") List<Move> moves) {
        Run run = new Run();
        long granted = 0;
        for (Move move : moves) {
            run.apply(move);
            long term = run.state.record().term();
            assertThat(term).isGreaterThanOrEqualTo(granted);
            granted = term;
            for (Session writer : run.writers()) {
                assertThat(writer.term()).isEqualTo(granted);
            }
        }
        Statistics.label("terms").collect(granted > 1);
        Statistics.label("terms").coverage(coverage -> coverage.check(true).percentage(p -> p > 10));
    }

    @Property(tries = 1000)
    void anEarlierSessionOfAHostNeverComesBack(@ForAll("moves") List<Move> moves) {
        Run run = new Run();
        for (Move move : moves) {
            run.apply(move);
            TreeMap<String, Long> newest = new TreeMap<>();
            run.opened.forEach(session -> newest.merge(session.host(), session.number(), Math::max));
            for (Session session : run.opened) {
                if (session.number() < newest.getOrDefault(session.host(), 0L)) {
                    assertThat(StorageCore.denyRead(run.state, session.host(), session.number()))
                            .isEqualTo(Denial.ENDED);
                    OwnershipRecord before = run.state.record();
                    Input late = new Input.Cas(session.host(), session.number(), before.version(), before);
                    assertThat(run.step(late)).isEqualTo(new Answer.Denied(Denial.ENDED));
                    assertThat(run.state.record()).isEqualTo(before);
                }
            }
        }
    }

    @Property(tries = 1000)
    void theVersionGrowsByOneWithEachChangeAndNeverElse(@ForAll("moves") List<Move> moves) {
        Run run = new Run();
        for (Move move : moves) {
            OwnershipRecord before = run.state.record();
            int grants = run.grants;
            run.apply(move);
            long change = run.state.record().version() - before.version();
            assertThat(change).isEqualTo(run.grants - grants);
            if (change == 0) {
                assertThat(run.state.record()).isEqualTo(before);
            }
        }
    }

    @Test
    void aFencedOwnerNeitherReadsNorWritesAndASecondaryReadsOn() {
        Run run = new Run();
        Session a = open(run, "A", 1);
        cas(run, a, 1, "A");
        assertThat(StorageCore.denyWrite(run.state, "A", a.number())).isNull();
        Session b = open(run, "B", 1);
        assertThat(StorageCore.denyRead(run.state, "B", b.number())).isNull();
        assertThat(StorageCore.denyWrite(run.state, "B", b.number())).isEqualTo(Denial.NOT_OWNER);
        Session b2 = open(run, "B", 2);
        assertThat(StorageCore.denyWrite(run.state, "B", b2.number())).isEqualTo(Denial.NOT_OWNER);
        cas(run, b2, 2, "B");
        assertThat(StorageCore.denyWrite(run.state, "B", b2.number())).isNull();
        assertThat(StorageCore.denyRead(run.state, "A", a.number())).isEqualTo(Denial.FENCED);
        assertThat(StorageCore.denyWrite(run.state, "A", a.number())).isEqualTo(Denial.FENCED);
        Session a2 = open(run, "A", 2);
        assertThat(StorageCore.denyRead(run.state, "A", a2.number())).isNull();
        assertThat(StorageCore.denyWrite(run.state, "A", a2.number())).isEqualTo(Denial.NOT_OWNER);
    }

    @Test
    void anotherOwnerNeedsAHigherTerm() {
        Run run = new Run();
        Session a = open(run, "A", 1);
        cas(run, a, 1, "A");
        Session b = open(run, "B", 1);
        OwnershipRecord steal = new OwnershipRecord(0, 1, "B", Mode.SOLO, "", 0);
        assertThat(run.step(new Input.Cas("B", b.number(), 1, steal))).isInstanceOf(Answer.Rejected.class);
        OwnershipRecord back = new OwnershipRecord(0, 0, "B", Mode.SOLO, "", 0);
        assertThat(run.step(new Input.Cas("B", b.number(), 1, back))).isInstanceOf(Answer.Rejected.class);
        assertThat(run.state.record().owner()).isEqualTo("A");
    }

    @Test
    void strangersOnlyReadAndInventedHostsGiveWay() {
        Run run = new Run();
        Session a = open(run, "A", 1);
        cas(run, a, 1, "A");
        assertThat(StorageCore.denyRead(run.state, "", StorageCore.NO_SESSION)).isNull();
        assertThat(StorageCore.denyWrite(run.state, "", StorageCore.NO_SESSION)).isEqualTo(Denial.STRANGER);
        for (int i = 0; i < 3 * StorageCore.HOSTS_MAX; i++) {
            open(run, "invented-" + i, 1);
        }
        assertThat(run.state.sessions()).hasSize(StorageCore.HOSTS_MAX);
        assertThat(StorageCore.denyWrite(run.state, "A", a.number())).isNull();
    }

    /** Only as many as are needed give way, and never those that the record names. */
    @Test
    void theLongestOpenSessionThatNobodyNamesGivesWay() {
        Run run = new Run();
        Session a = open(run, "A", 1);
        run.step(new Input.Cas("A", a.number(), 0, new OwnershipRecord(0, 1, "A", Mode.PROTECTED, "B", 0)));
        Session b = open(run, "B", 1);
        for (int i = 2; i < StorageCore.HOSTS_MAX; i++) {
            open(run, "invented-" + i, 1);
        }
        assertThat(run.state.sessions().keySet()).hasSize(StorageCore.HOSTS_MAX).contains("invented-2");
        open(run, "one-more", 1);
        assertThat(run.state.sessions().keySet())
                .hasSize(StorageCore.HOSTS_MAX)
                .contains("A", "B", "one-more", "invented-3")
                .doesNotContain("invented-2");
        assertThat(StorageCore.denyRead(run.state, "B", b.number())).isNull();
    }

    @Test
    void aStepAnswersReadsAndWritesAsTheRulesDo() {
        Run run = new Run();
        Session a = open(run, "A", 1);
        assertThat(run.step(new Input.Read("A", a.number()))).isEqualTo(new Answer.Allowed());
        assertThat(run.step(new Input.Write("A", a.number()))).isEqualTo(new Answer.Denied(Denial.NOT_OWNER));
        assertThat(run.step(new Input.Read("A", a.number() + 1))).isEqualTo(new Answer.Denied(Denial.ENDED));
    }

    private static Session open(Run run, String host, long term) {
        run.apply(new Move.Open(host, term - run.state.record().term()));
        return run.opened.getLast();
    }

    private static void cas(Run run, Session session, long term, String owner) {
        OwnershipRecord next = new OwnershipRecord(0, term, owner, Mode.SOLO, "", 0);
        Answer answer = run.step(new Input.Cas(
                session.host(), session.number(), run.state.record().version(), next));
        assertThat(answer).isInstanceOf(Answer.Compared.class);
        assertThat(((Answer.Compared) answer).ok()).isTrue();
    }
}
