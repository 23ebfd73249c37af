package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The parts of a host that know nothing of it. */
class PartsTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;

    // ---- Timers.

    @Test
    void whatIsDueRunsInItsOrderAndNotBefore() {
        List<String> done = new ArrayList<>();
        Timers timers = new Timers(100);
        timers.after(20, () -> done.add("later"));
        timers.after(10, () -> done.add("sooner"));
        timers.after(10, () -> done.add("as soon, but after it"));
        timers.now(109);
        timers.run();
        assertThat(done).isEmpty();
        assertThat(timers.next(1000)).isEqualTo(110);
        assertThat(timers.next(105)).isEqualTo(105);
        timers.now(110);
        timers.now(50);
        assertThat(timers.now()).as("time does not go back").isEqualTo(110);
        timers.run();
        assertThat(done).containsExactly("sooner", "as soon, but after it");
        timers.now(120);
        timers.run();
        assertThat(done).endsWith("later");
        assertThat(timers.next(1000)).isEqualTo(1000);
    }

    @Test
    void aConditionIsWaitedForUpToItsLimit() {
        List<String> done = new ArrayList<>();
        boolean[] holds = new boolean[1];
        Timers timers = new Timers(0);
        timers.await(() -> holds[0], 50, () -> done.add("then"), () -> done.add("late"));
        timers.await(() -> false, 30, () -> done.add("never"), () -> done.add("too late"));
        timers.now(29);
        timers.run();
        assertThat(done).isEmpty();
        assertThat(timers.next(1000)).isEqualTo(30);
        timers.now(30);
        timers.run();
        assertThat(done).containsExactly("too late");
        holds[0] = true;
        timers.now(50);
        timers.run();
        assertThat(done).as("what holds at the last moment is not late").containsExactly("too late", "then");
        timers.run();
        assertThat(done).hasSize(2);
    }

    // ---- Outputs (rule HoldOutput).

    @Test
    void outputIsReleasedInItsOrderUpToTheEpochThatCoversIt() {
        List<String> heard = new ArrayList<>();
        List<Long> left = new ArrayList<>();
        Outputs outputs = new Outputs(left::add);
        outputs.say(0, () -> heard.add("while closed"));
        outputs.open();
        assertThat(outputs.isEmpty()).isTrue();
        outputs.seal(1);
        outputs.say(0, () -> heard.add("a"));
        outputs.say(1, () -> heard.add("b"));
        outputs.seal(2);
        outputs.say(2, () -> heard.add("c"));
        outputs.seal(3);
        outputs.say(3, () -> heard.add("d"));
        assertThat(outputs.isEmpty()).isFalse();
        assertThat(outputs.waiting()).isEqualTo(4);
        outputs.release(1);
        assertThat(heard).isEmpty();
        outputs.release(2);
        assertThat(heard).containsExactly("a", "b");
        assertThat(outputs.waiting()).isEqualTo(2);
        outputs.release(9);
        assertThat(heard).as("what is not sealed is covered by no checkpoint").containsExactly("a", "b", "c");
        outputs.releaseAll();
        assertThat(heard).containsExactly("a", "b", "c", "d");
        assertThat(left).as("the newest epoch of what left, each time").containsExactly(1L, 2L, 3L);
        assertThat(List.of(outputs.heldTotal(), outputs.releasedTotal())).containsExactly(4L, 4L);
        assertThat(outputs.isEmpty()).isTrue();
    }

    @Test
    void outputOfAMachineThatIsRolledBackNeverLeaves() {
        List<String> heard = new ArrayList<>();
        Outputs outputs = new Outputs(said -> {});
        outputs.open();
        outputs.say(1, () -> heard.add("sealed"));
        outputs.seal(1);
        outputs.say(1, () -> heard.add("fresh"));
        outputs.drop();
        outputs.say(1, () -> heard.add("after the end"));
        assertThat(outputs.isEmpty()).isTrue();
        assertThat(outputs.waiting()).isZero();
        outputs.open();
        outputs.say(1, () -> heard.add("of the next machine"));
        outputs.releaseAll();
        assertThat(heard).containsExactly("of the next machine");
        assertThat(outputs.releasedTotal()).isEqualTo(1);
    }

    // ---- What the secondary has acknowledged (rule OneLife).

    @Test
    void aHostThatComesBackMustHoldWhatEarlierLivesHaveAcknowledged() {
        Acknowledged acknowledged = new Acknowledged();
        acknowledged.begin("log", 10);
        assertThat(acknowledged.isOf("log")).isTrue();
        assertThat(acknowledged.isOf("another")).isFalse();
        assertThat(acknowledged.isMoreThan(1, 9)).isTrue();
        assertThat(acknowledged.isMoreThan(1, 10)).isFalse();
        acknowledged.acknowledged(1, 14);
        acknowledged.acknowledged(1, 12);
        assertThat(acknowledged.isMoreThan(1, 10))
                .as("the greeting of a life may be read after its first acknowledgment")
                .isFalse();
        assertThat(acknowledged.isMoreThan(2, 13)).isTrue();
        assertThat(acknowledged.isMoreThan(2, 14)).isFalse();
        acknowledged.acknowledged(2, 20);
        assertThat(acknowledged.isMoreThan(2, 13)).as("of an earlier life").isTrue();
        assertThat(acknowledged.isMoreThan(2, 14)).isFalse();
        assertThat(acknowledged.isMoreThan(3, 19)).isTrue();
        acknowledged.acknowledged(3, 15);
        acknowledged.acknowledged(4, 15);
        assertThat(acknowledged.isMoreThan(4, 19)).isTrue();
        assertThat(acknowledged.isMoreThan(4, 20)).isFalse();
        acknowledged.begin("log", 3);
        assertThat(acknowledged.isMoreThan(4, 3)).isFalse();
    }

    // ---- Room in the undo log.

    private static HostState guarded(Extent... kept) {
        Blocks blocks = Blocks.NONE;
        for (Extent extent : kept) {
            blocks = blocks.with(extent);
        }
        Stage stage = Stage.guarded();
        for (Extent extent : kept) {
            stage.write(extent.offsetBytes(), (int) extent.lengthBytes(), 1, false);
        }
        if (kept.length > 0) {
            stage.acknowledge();
        }
        HostState state = stage.host.state();
        assertThat(state.kept()).isEqualTo(blocks);
        return state;
    }

    @Test
    void writesWaitWhenTheirCopiesMayNotFit() {
        HostState s = guarded();
        UndoRoom room = new UndoRoom(100L * BLOCK);
        assertThat(room.reserve(s, extent(0, 20), false)).isEqualTo(40L * BLOCK);
        assertThat(room.isNear(s)).isFalse();
        room.reported(10L * BLOCK);
        assertThat(room.isNear(s)).as("exactly a half").isFalse();
        room.reported(10L * BLOCK + 1);
        assertThat(room.isNear(s)).isTrue();
        assertThat(room.bytes()).isEqualTo(10L * BLOCK + 1);
        room.reported(10L * BLOCK);
        assertThat(room.reserve(s, extent(20, 21), false))
                .as("more than nine tenths")
                .isEqualTo(-1);
        assertThat(room.reserve(s, extent(20, 20), false)).as("nine tenths").isEqualTo(40L * BLOCK);
        assertThat(room.reserve(s, extent(40, 1), false)).isEqualTo(-1);
        assertThat(room.reserve(s, extent(40, 1), true)).isEqualTo(2L * BLOCK);
        room.release(2L * BLOCK);
        room.release(40L * BLOCK);
        assertThat(room.reserve(s, extent(20, 20), false))
                .as("what was given back")
                .isEqualTo(40L * BLOCK);
        room.release(80L * BLOCK);
        room.reported(0);
        assertThat(room.reserve(s, extent(0, 60), false))
                .as("alone it fits, whatever the limit")
                .isEqualTo(120L * BLOCK);
        assertThat(room.limitBytes()).isEqualTo(100L * BLOCK);
    }

    @Test
    void whatIsKeptAlreadyAndWhatNobodyKeepsNeedsNoRoom() {
        UndoRoom room = new UndoRoom(1);
        room.reported(1000);
        assertThat(room.reserve(guarded(extent(3, 2)), extent(3, 2), false)).isZero();
        assertThat(room.reserve(guarded(extent(3, 2)), extent(3, 3), false)).isEqualTo(-1);
        HostState alone = Stage.alone().host.state();
        assertThat(room.reserve(alone, extent(3, 2), false)).isZero();
        assertThat(room.isNear(alone)).isFalse();
    }

    private static Extent extent(long first, int count) {
        return new Extent(Stage.VOLUME, first, count);
    }

    // ---- Contents that were not flushed (rule ReplayUnflushed).

    @Test
    void contentsAreRememberedUntilTheyAreNotWanted() {
        Unflushed unflushed = new Unflushed();
        ByteBuffer data = ByteBuffer.allocate(3 * BLOCK);
        data.put(0, blocks(1, 2, 3));
        unflushed.put(extent(5, 2), data.position(BLOCK).slice());
        unflushed.put(new Extent(1, 5, 1), ByteBuffer.wrap(blocks(9)));
        assertThat(unflushed.bytes()).isEqualTo(3L * BLOCK);
        assertThat(bytes(unflushed.get(extent(5, 2)))).isEqualTo(blocks(2, 3));
        assertThat(unflushed.get(extent(5, 3))).as("not all of it").isNull();
        unflushed.put(extent(6, 1), ByteBuffer.wrap(blocks(7)));
        assertThat(bytes(unflushed.get(extent(5, 2)))).as("the newest").isEqualTo(blocks(2, 7));
        unflushed.keepOnly(Blocks.of(extent(6, 1)).with(new Extent(1, 5, 1)));
        assertThat(unflushed.get(extent(5, 1))).isNull();
        assertThat(bytes(unflushed.get(extent(6, 1)))).isEqualTo(blocks(7));
        assertThat(unflushed.bytes()).isEqualTo(2L * BLOCK);
        unflushed.put(extent(8, 1), ByteBuffer.wrap(blocks(4)));
        assertThat(bytes(unflushed.get(extent(6, 1))))
                .as("memory that is used again is nobody else's")
                .isEqualTo(blocks(7));
        unflushed.clear();
        assertThat(unflushed.bytes()).isZero();
        assertThat(unflushed.get(extent(6, 1))).isNull();
    }

    private static byte[] blocks(int... values) {
        byte[] bytes = new byte[values.length * BLOCK];
        for (int i = 0; i < values.length; i++) {
            Arrays.fill(bytes, i * BLOCK, (i + 1) * BLOCK, (byte) values[i]);
        }
        return bytes;
    }

    private static byte[] bytes(@Nullable ByteBuffer buffer) {
        byte[] bytes = new byte[Objects.requireNonNull(buffer).remaining()];
        buffer.get(bytes);
        return bytes;
    }

    // ---- What overlaps.

    @Test
    void anIndexOfExtentsKnowsWhatOverlaps() {
        ExtentIndex<String> index = new ExtentIndex<>();
        assertThat(index.isEmpty()).isTrue();
        assertThat(index.overlaps(extent(0, 100))).isFalse();
        index.add(extent(10, 5), "b");
        index.add(extent(2, 3), "a");
        index.add(new Extent(1, 10, 1), "elsewhere");
        assertThat(index.size()).isEqualTo(3);
        assertThat(List.of(
                        index.overlaps(extent(9, 1)),
                        index.overlaps(extent(9, 2)),
                        index.overlaps(extent(14, 1)),
                        index.overlaps(extent(15, 1)),
                        index.overlaps(extent(5, 5)),
                        index.overlaps(Stage.VOLUME, 4, 5),
                        index.overlaps(2, 0, 100)))
                .containsExactly(false, true, true, false, false, true, false);
        assertThat(index.all()).containsExactly("elsewhere", "a", "b");
        assertThat(index.contains(extent(10, 5), "b")).isTrue();
        assertThat(index.contains(extent(10, 5), "a")).isFalse();
        assertThat(index.contains(new Extent(2, 10, 5), "b")).isFalse();
        assertThat(index.remove(extent(10, 5), "a")).isFalse();
        assertThat(index.remove(extent(11, 5), "b")).isFalse();
        assertThat(index.size()).isEqualTo(3);
        assertThat(index.remove(extent(10, 5), "b")).isTrue();
        assertThat(index.remove(extent(10, 5), "b")).isFalse();
        assertThat(index.overlaps(extent(10, 5))).isFalse();
        assertThat(index.size()).isEqualTo(2);
        index.clear();
        assertThat(index.isEmpty()).isTrue();
        assertThat(index.all()).isEmpty();
    }

    // ---- How a host was started, and what can go wrong.

    /** So that the primary has gone on alone before the secondary asks to take over. */
    @Test
    void aPrimaryGivesUpASilentSecondaryInSixTenthsOfTheTimeOfATakeover() {
        assertThat(started(Duration.ofSeconds(5)).silenceNanos()).isEqualTo(5_000_000_000L);
        assertThat(started(Duration.ofSeconds(5)).aloneAfterNanos()).isEqualTo(3_000_000_000L);
        assertThat(started(null).aloneAfterNanos())
                .as("also where a takeover is by command only")
                .isEqualTo(1_200_000_000L);
    }

    private static HostConfig started(@Nullable Duration failoverAfter) {
        return new HostConfig("A", false, null, failoverAfter, 1 << 20, null, true, "storage", "folder", "undo");
    }

    @Test
    void aSessionIsAsGoodAsBeforeOnlyWhereTheStorageAnsweredTheRequest() {
        assertThat(Arrays.stream(Trouble.Kind.values())
                        .filter(kind -> Trouble.of(kind, "why").isAnswer()))
                .containsExactly(Trouble.Kind.FAILED, Trouble.Kind.NO_SPACE, Trouble.Kind.INVALID);
    }

    // ---- Old data.

    @Test
    void oldDataHasAHashForEachBlock() {
        ByteBuffer data = ByteBuffer.wrap(blocks(5, 6));
        int[] whole = OldData.of(extent(4, 2), data.duplicate()).hashes();
        OldData parts = new OldData(
                extent(3, 4),
                List.of(
                        new OldData.Part(3, 1, null),
                        new OldData.Part(4, 2, data.duplicate()),
                        new OldData.Part(6, 1, null)));
        int zero = dev.unwrite.trace.BlockHash.ZERO;
        assertThat(parts.hashes()).containsExactly(zero, whole[0], whole[1], zero);
        assertThat(whole[0]).isNotEqualTo(whole[1]);
    }
}
