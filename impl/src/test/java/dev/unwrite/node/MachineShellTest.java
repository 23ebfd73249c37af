package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.host.Done;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.image.Flat;
import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.nbd.Completion;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a host orders reaches the machine, and what a machine that was stopped does reaches nobody. */
@Timeout(60)
class MachineShellTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path dir = Path.of("unset");

    private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();
    private final Loop loop = new Loop(troubles::add);
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final List<Fake> made = new ArrayList<>();
    private String state = "";
    private MachineShell room = shell(this::fake);

    private MachineShell shell(Function<MachineHost, Machine> maker) {
        return new MachineShell(
                loop,
                maker,
                () -> new ByteArrayInputStream(state.getBytes(StandardCharsets.UTF_8)),
                null,
                true,
                ends::add);
    }

    private Machine fake(MachineHost guest) {
        Fake machine = new Fake(made.size() + 1, guest);
        made.add(machine);
        return machine;
    }

    @AfterEach
    void close() {
        loop.close();
        room.close();
    }

    /** Says what it is told to do; stays in a pause until it is closed, if that is wanted. */
    private final class Fake implements Machine {
        final int number;
        final MachineHost guest;
        final CountDownLatch ended = new CountDownLatch(1);
        final CountDownLatch pauses = new CountDownLatch(1);
        volatile boolean pausesForLong;

        Fake(int number, MachineHost guest) {
            this.number = number;
            this.guest = guest;
        }

        private void called(String what) {
            calls.add(number + " " + what);
        }

        @Override
        public void coldStart() throws IOException {
            called("coldStart");
            if (state.equals("bad")) {
                throw new IOException("the volume is bad");
            }
        }

        @Override
        public void resume(InputStream from) throws IOException {
            called("resume " + new String(from.readAllBytes(), StandardCharsets.UTF_8));
        }

        @Override
        public void go() {
            called("go");
        }

        @Override
        public long pause() throws IOException {
            called("pause");
            pauses.countDown();
            try {
                if (pausesForLong) {
                    ended.await();
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return 0;
        }

        @Override
        public Machine.Saved save(long epoch, long base) {
            called("save");
            return new Machine.Flat() {
                @Override
                public InputStream open() {
                    return InputStream.nullInputStream();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void unpause() {
            called("unpause");
        }

        @Override
        public void close() {
            called("close");
            ended.countDown();
        }
    }

    private <T> Awaited<T> ask(Consumer<Reply<T>> question) throws InterruptedException {
        Awaited<T> reply = new Awaited<>();
        loop.post(() -> question.accept(reply));
        assertThat(reply.await(SOON)).as("a reply").isTrue();
        return reply;
    }

    private <T> T answer(Consumer<Reply<T>> question) throws InterruptedException {
        Awaited<T> reply = ask(question);
        assertThat(reply.trouble()).isNull();
        return reply.result();
    }

    private void onLoop(Runnable order) throws Exception {
        loop.call(() -> {
                    order.run();
                    return true;
                })
                .get();
    }

    @Test
    void ordersReachTheMachineInTheirOrder() throws Exception {
        loop.start();
        state = "saved";
        this.<Done>answer(reply -> room.resume(1, 2, 3, reply));
        assertThat(room.isRunning()).isFalse();
        onLoop(room::run);
        assertThat(room.isRunning()).isTrue();
        this.<Long>answer(room::pause);
        this.<Saved>answer(reply -> room.save(1, 3, 0, 3, null, true, reply));
        onLoop(room::unpause);
        this.<Long>answer(room::pause);
        assertThat(calls).containsExactly("1 resume saved", "1 go", "1 pause", "1 save", "1 unpause", "1 pause");
    }

    @Test
    void whoWasStoppedIsHeardNoMoreAndEndsBeforeTheNextBegins() throws Exception {
        loop.start();
        this.<Done>answer(room::coldStart);
        onLoop(room::run);
        Fake first = made.getFirst();
        first.pausesForLong = true;
        Awaited<Long> pause = new Awaited<>();
        onLoop(() -> room.pause(pause));
        first.pauses.await();
        onLoop(room::stop);
        assertThat(room.isRunning()).isFalse();
        this.<Done>answer(room::coldStart);
        assertThat(calls).containsSubsequence("1 pause", "1 close", "2 coldStart");
        assertThat(pause.await(Duration.ZERO)).isFalse();
        first.guest.say(() -> troubles.add("said"));
        first.guest.failed("late");
        onLoop(() -> {});
        assertThat(troubles).isEmpty();
    }

    @Test
    void itBeginsWhenItRunsAndNotWhenItStarts() throws Exception {
        loop.start();
        this.<Done>answer(room::coldStart);
        assertThat(calls).containsExactly("1 coldStart");
        onLoop(room::run);
        this.<Long>answer(room::pause);
        assertThat(calls).containsExactly("1 coldStart", "1 go", "1 pause");
    }

    @Test
    void aMachineThatIsGoneEndsTheNodeUnlessItWasStopped() throws Exception {
        loop.start();
        this.<Done>answer(room::coldStart);
        Fake first = made.getFirst();
        first.guest.gone("killed");
        onLoop(room::stop);
        first.guest.gone("again");
        onLoop(() -> {});
        assertThat(ends).containsExactly("the machine is gone: killed");
    }

    @Test
    void aMachineThatCannotStartSaysWhy() throws Exception {
        loop.start();
        state = "bad";
        Trouble why = this.<Done>ask(room::coldStart).trouble();
        assertThat(why).isEqualTo(new Trouble(Trouble.Kind.UNAVAILABLE, "the volume is bad"));
        state = "good";
        this.<Done>answer(room::coldStart);
        assertThat(calls).containsExactly("1 coldStart", "1 close", "2 coldStart");
    }

    @Test
    void withoutAMachineNothingCanBePaused() throws Exception {
        loop.start();
        assertThat(this.<Long>ask(room::pause).trouble())
                .isNotNull()
                .extracting(Trouble::kind)
                .isEqualTo(Trouble.Kind.UNAVAILABLE);
    }

    /** Whoever connects then finds them, and those of the machine before are of no use. */
    @Test
    void volumesOutliveAMachine() throws Exception {
        loop.start();
        onLoop(() -> room.volumes(List.of(new SharedStorage.Volume(4, "disk", 1 << 20))));
        VolumeShell first = disk();
        onLoop(room::stop);
        assertThat(room.volumesByName()).containsOnlyKeys("disk");
        assertThat(disk()).isNotSameAs(first);
        assertThat(disk().size()).isEqualTo(1 << 20);
        onLoop(() -> room.volumes(List.of(new SharedStorage.Volume(4, "disk", 2 << 20))));
        assertThat(disk().size()).isEqualTo(2 << 20);
    }

    /** So a machine that waits for a slow disk is known from one that hangs. */
    @Test
    void aRequestThatWaitsForItsAnswerIsSeen() throws Exception {
        loop.start();
        List<Boolean> seen = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        AtomicReference<VolumeShell> asked = new AtomicReference<>();
        VolumeShell volume = new VolumeShell(4, 1 << 20, loop, () -> {
            seen.add(Objects.requireNonNull(asked.get()).isAsked());
            return false;
        });
        asked.set(volume);
        Completion<Boolean> flushed = new Completion<>() {
            @Override
            public void done(Boolean result) {
                answers.add("done");
            }

            @Override
            public void failed(int error, String why) {
                answers.add(why);
            }
        };
        onLoop(() -> volume.flush(flushed));
        assertThat(seen).containsExactly(true);
        assertThat(answers).containsExactly("the machine is stopped");
        assertThat(volume.isAsked()).isFalse();
    }

    private VolumeShell disk() {
        return Objects.requireNonNull(room.volumesByName().get("disk"));
    }

    /** Machine and disk are of one moment. */
    @Test
    void aStateGoesWithTheDiskForWhichItWasHandedOver() throws Exception {
        room.close();
        room = shell(guest -> new NoMachine(dir));
        loop.start();
        this.<Done>answer(room::coldStart);
        NoMachine.HandedOver given = room.handOver(new ByteArrayInputStream(new byte[] {7}), 0);
        assertThat(saved(given, true)).containsExactly(7);
        assertThat(saved(null, true)).containsExactly(7);
        assertThat(saved(null, false)).isEmpty();
        assertThat(saved(null, true)).isEmpty();
    }

    private byte[] saved(NoMachine.@Nullable HandedOver handedOver, boolean unchanged) throws Exception {
        Saved saved = answer(reply -> room.save(1, 1, 0, 1, handedOver, unchanged, reply));
        try {
            return Flat.of(((SavedState) saved).pieces());
        } finally {
            saved.drop();
        }
    }
}
