package dev.unwrite.undo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/**
 * Generated runs that stop at any write or sync, by the end of the process or by a loss of power, and go on: what was
 * acknowledged is there, with its first content, and nothing is there that was never appended.
 */
class UndoLogCrashTest {
    private static final int PAGE = UndoLog.BLOCK_BYTES;
    private static final long TERM = 3;

    sealed interface Step {}

    record Append(int epoch, int volume, int first, int count) implements Step {}

    record DiscardBefore(int epoch) implements Step {}

    record DiscardAll() implements Step {}

    record AwaitAll() implements Step {}

    /** A life of the process: what it does, and the operation in which it ends (some end by a clean close). */
    record Life(List<Step> steps, int stopAt, int cut, boolean powerLoss, long survivors, boolean idle) {}

    private record Place(int epoch, int volume, int block) {}

    @Provide
    Arbitrary<List<Life>> lives() {
        Arbitrary<Integer> epochs = Arbitraries.integers().between(1, 4);
        Arbitrary<Step> append = Combinators.combine(
                        epochs,
                        Arbitraries.integers().between(0, 1),
                        Arbitraries.integers().between(0, 20),
                        Arbitraries.integers().between(1, 6))
                .as(Append::new);
        Arbitrary<Step> step = Arbitraries.frequencyOf(
                Tuple.of(10, append),
                Tuple.of(2, epochs.map(DiscardBefore::new)),
                Tuple.of(1, Arbitraries.just(new DiscardAll())),
                Tuple.of(6, Arbitraries.just(new AwaitAll())));
        Arbitrary<Life> life = Combinators.combine(
                        step.list().ofMaxSize(25),
                        Arbitraries.integers().between(1, 60),
                        Arbitraries.integers().between(0, 9 * PAGE),
                        Arbitraries.of(true, false),
                        Arbitraries.longs(),
                        Arbitraries.of(true, false))
                .as(Life::new);
        return life.list().ofMinSize(1).ofMaxSize(4);
    }

    private static UndoOptions options(UndoOptions.Policy policy, boolean idle) {
        Duration mark = idle ? Duration.ZERO : Duration.ofHours(1);
        return new UndoOptions(policy, 64 << 20, 75, 6 * PAGE, 1, 2, mark);
    }

    @Property(tries = 200)
    void whatIsAcknowledgedAsDurableSurvivesAnything(@ForAll("lives") List<Life> lives) throws Exception {
        run(lives, UndoOptions.Policy.DURABLE, true);
    }

    @Property(tries = 80)
    void whatIsAcknowledgedInMemorySurvivesTheProcess(@ForAll("lives") List<Life> lives) throws Exception {
        run(lives, UndoOptions.Policy.MEMORY, false);
    }

    /** Under MEMORY, a loss of power may lose anything, but never lets the log look damaged. */
    @Property(tries = 80)
    void aLossOfPowerUnderMemoryIsNoDamage(@ForAll("lives") List<Life> lives) throws Exception {
        FaultyFiles files = new FaultyFiles();
        for (Life life : lives) {
            try (UndoLog log = UndoLog.open(files, options(UndoOptions.Policy.MEMORY, life.idle))) {
                files.stopAt(life.stopAt, life.cut);
                new Model().live(log, life.steps);
            }
            Random coin = new Random(life.survivors);
            files = files.afterPowerLoss(coin::nextBoolean);
        }
        UndoLog.open(files, options(UndoOptions.Policy.MEMORY, false)).close();
    }

    private static void run(List<Life> lives, UndoOptions.Policy policy, boolean powerLoss) throws Exception {
        FaultyFiles files = new FaultyFiles();
        Model model = new Model();
        UndoLog.open(files, options(policy, false)).close();
        for (Life life : lives) {
            files.stopAt(life.stopAt, life.cut);
            UndoLog log = null;
            try {
                log = UndoLog.open(files, options(policy, life.idle));
            } catch (IOException e) {
                assertThat(e).isNotInstanceOf(CorruptLogException.class).hasMessageContaining("stopped");
            }
            if (log != null) {
                model.check(log);
                model.live(log, life.steps);
                model.check(log);
                log.close();
            }
            Random coin = new Random(life.survivors);
            files = life.powerLoss && powerLoss ? files.afterPowerLoss(coin::nextBoolean) : files.afterKill();
        }
        try (UndoLog log = UndoLog.open(files, options(policy, false))) {
            model.check(log);
        }
    }

    /** What must be there, and what may be. Contents are told apart by the number of their append. */
    private static final class Model {
        private static final int ZEROES = 0;

        private final Map<Place, Integer> acknowledged = new HashMap<>();
        private final Map<Place, Set<Integer>> submitted = new HashMap<>();
        private final Map<Place, Integer> seen = new HashMap<>();
        private final Map<Place, Integer> first = new HashMap<>();
        private final List<Pending> pending = new ArrayList<>();
        private int appends;

        private record Pending(Place place, int expected, CompletableFuture<Void> done) {}

        /** Before this, {@link #check} has seen what the life began with. */
        void live(UndoLog log, List<Step> steps) {
            List<CompletableFuture<Void>> waiting = new ArrayList<>();
            first.clear();
            first.putAll(seen);
            for (Step step : steps) {
                switch (step) {
                    case Append append -> waiting.add(append(log, append));
                    case DiscardBefore discard -> {
                        waiting.add(log.discardBefore(TERM, discard.epoch));
                        forget(discard.epoch);
                    }
                    case DiscardAll discard -> {
                        waiting.add(log.discardAll());
                        forget(Integer.MAX_VALUE);
                    }
                    case AwaitAll await -> await(waiting);
                }
            }
            await(waiting);
            for (Pending append : pending) {
                if (!append.done.isCompletedExceptionally()) {
                    acknowledged.put(append.place, append.expected);
                }
            }
            pending.clear();
        }

        private CompletableFuture<Void> append(UndoLog log, Append append) {
            int thisAppend = ++appends;
            CompletableFuture<Void> done = log.append(copy(append, thisAppend));
            for (int block = append.first; block < append.first + append.count; block++) {
                Place place = new Place(append.epoch, append.volume, block);
                int number = number(thisAppend, block);
                submitted.computeIfAbsent(place, key -> new HashSet<>()).add(number);
                pending.add(new Pending(place, first.computeIfAbsent(place, key -> number), done));
            }
            return done;
        }

        /** One append in four is known to be zeroes, and of the others one block in three is found to be. */
        private static int number(int append, int block) {
            return append % 4 == 0 || (append + block) % 3 == 0 ? ZEROES : append;
        }

        private static Copy copy(Append append, int number) {
            if (number % 4 == 0) {
                return Copy.zeroes(TERM, append.epoch, append.volume, append.first, append.count);
            }
            ByteBuffer data = ByteBuffer.allocate(append.count * PAGE);
            for (int block = append.first; block < append.first + append.count; block++) {
                boolean zero = number(number, block) == ZEROES;
                data.put(zero ? new byte[PAGE] : UndoLogTest.content(TERM, append.epoch, append.volume, block, number));
            }
            return new Copy(TERM, append.epoch, append.volume, append.first, data.flip());
        }

        private void forget(int floor) {
            acknowledged.keySet().removeIf(place -> place.epoch < floor);
            first.keySet().removeIf(place -> place.epoch < floor);
            pending.removeIf(append -> append.place.epoch < floor);
        }

        private static void await(List<CompletableFuture<Void>> waiting) {
            waiting.forEach(future -> future.handle((nothing, error) -> error).join());
            waiting.clear();
        }

        void check(UndoLog log) throws IOException {
            seen.clear();
            log.forEachRecord(record -> {
                for (long block = record.firstBlock(); block < record.firstBlock() + record.count(); block++) {
                    seen.put(new Place((int) record.epoch().epoch(), record.volume(), (int) block), 0);
                }
            });
            for (Map.Entry<Place, Integer> entry : seen.entrySet()) {
                entry.setValue(numberOf(log, entry.getKey()));
                assertThat(submitted.get(entry.getKey())).as("%s", entry).contains(entry.getValue());
            }
            acknowledged.forEach(
                    (place, expected) -> assertThat(seen).as("%s", place).containsEntry(place, expected));
        }

        private static int numberOf(UndoLog log, Place place) throws IOException {
            ByteBuffer block =
                    log.read(TERM, place.epoch, place.volume, place.block).orElseThrow();
            if (block.equals(ByteBuffer.allocate(PAGE))) {
                return ZEROES;
            }
            int number = block.getInt(28);
            assertThat(block)
                    .isEqualTo(
                            ByteBuffer.wrap(UndoLogTest.content(TERM, place.epoch, place.volume, place.block, number)));
            return number;
        }
    }
}
