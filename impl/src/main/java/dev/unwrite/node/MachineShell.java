package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.MachineRoom;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdServer;
import dev.unwrite.nbd.NbdUri;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs the machine as the host orders. What blocks, a thread of the machine does; each machine is a new one, made when the
 * one before it has ended.
 */
final class MachineShell implements MachineRoom, Closeable {
    private static final System.Logger LOG = System.getLogger(MachineShell.class.getName());

    private final Loop loop;
    private final Function<MachineHost, Machine> maker;
    private final State committed;
    private final @Nullable Witness witness;
    private final boolean writeCache;
    private final Consumer<String> gone;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("machine").daemon().factory());
    private volatile Map<String, VolumeShell> volumes = Map.of();
    private volatile @Nullable Machine machine;
    private volatile boolean running;
    private volatile @Nullable NbdServer server;
    /** For the loop's thread, as all that follows: counts the machines that were stopped. */
    private long stopped;

    private List<SharedStorage.Volume> told = List.of();
    private CompletableFuture<Void> ended = CompletableFuture.completedFuture(null);

    /** Where the committed state is. */
    interface State {
        InputStream open() throws IOException;
    }

    /** What a machine is asked to do; it may block. */
    private interface Order<T> {
        T carryOut(Machine machine) throws IOException;
    }

    /** {@code gone} is told, on the loop, when a machine that was not stopped is no more. */
    MachineShell(
            Loop loop,
            Function<MachineHost, Machine> maker,
            State committed,
            @Nullable Witness witness,
            boolean writeCache,
            Consumer<String> gone) {
        this.loop = loop;
        this.maker = maker;
        this.committed = committed;
        this.witness = witness;
        this.writeCache = writeCache;
        this.gone = gone;
    }

    /** The server whose connections end when the machine does. */
    void servedBy(NbdServer nbdServer) {
        server = nbdServer;
    }

    @Override
    public void volumes(List<SharedStorage.Volume> now) {
        told = now;
        Map<String, VolumeShell> next = new LinkedHashMap<>();
        for (SharedStorage.Volume volume : told) {
            VolumeShell known = volumes.get(volume.name());
            if (known != null && known.id() == volume.id()) {
                known.grownTo(volume.sizeBytes());
                next.put(volume.name(), known);
            } else {
                long mine = stopped;
                next.put(volume.name(), new VolumeShell(volume.id(), volume.sizeBytes(), loop, () -> stopped == mine));
            }
        }
        volumes = Collections.unmodifiableMap(next);
    }

    @Override
    public void coldStart(Reply<Done> reply) {
        order(
                make(),
                made -> {
                    made.coldStart();
                    return Done.DONE;
                },
                reply);
    }

    @Override
    public void resume(long term, long epoch, long session, Reply<Done> reply) {
        order(
                make(),
                made -> {
                    if (witness != null) {
                        witness.restored(term, epoch, session);
                    }
                    try (InputStream state = committed.open()) {
                        made.resume(state);
                    }
                    return Done.DONE;
                },
                reply);
    }

    private Machine make() {
        Machine before = machine;
        if (before != null) {
            // It could not start.
            endBeforeTheNext(before, List.of());
        }
        Machine made = maker.apply(new Guest(stopped));
        machine = made;
        return made;
    }

    @Override
    public void run() {
        running = true;
        Machine beginning = machine;
        if (beginning != null) {
            Guest guest = new Guest(stopped);
            thread.execute(() -> begin(beginning, guest));
        }
    }

    private static void begin(Machine beginning, Guest guest) {
        try {
            beginning.go();
        } catch (IOException | RuntimeException e) {
            // What escapes would end this thread, and with it what it has started.
            guest.failed("it does not begin: " + e.getMessage());
        }
    }

    @Override
    public void stop() {
        stopped++;
        running = false;
        // Whoever still has one of the former is told that its machine is gone.
        volumes = Map.of();
        volumes(told);
        Machine closing = machine;
        machine = null;
        NbdServer serving = server;
        endBeforeTheNext(closing, serving == null ? List.of() : serving.connections());
    }

    private void endBeforeTheNext(@Nullable Machine closing, List<NbdConnection> connections) {
        ended = CompletableFuture.allOf(
                ended,
                CompletableFuture.runAsync(
                        () -> end(closing, connections),
                        action -> Thread.ofVirtual().name("machine-end").start(action)));
    }

    private static void end(@Nullable Machine closing, List<NbdConnection> connections) {
        connections.forEach(NbdConnection::close);
        try {
            if (closing != null) {
                closing.close();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "stopping the machine: {0}", e.toString());
        }
    }

    @Override
    public void pause(Reply<Long> reply) {
        order(machine, Machine::pause, reply);
    }

    @Override
    public void unpause() {
        Machine paused = machine;
        if (paused != null) {
            thread.execute(paused::unpause);
        }
    }

    @Override
    public void save(
            long term,
            long epoch,
            long base,
            long session,
            @Nullable Object handedOver,
            boolean unchanged,
            Reply<Saved> reply) {
        order(
                machine,
                paused -> {
                    if (witness != null) {
                        witness.cut(term, epoch, session);
                    }
                    return new SavedState(state(paused, epoch, base, handedOver, unchanged));
                },
                reply);
    }

    /** Machine and disk are of one moment: a state goes with the disk for which it was handed over, and no other. */
    private static Machine.Saved state(
            Machine paused, long epoch, long base, @Nullable Object handedOver, boolean unchanged) throws IOException {
        if (paused instanceof NoMachine none) {
            if (handedOver instanceof NoMachine.HandedOver state) {
                return none.save(state, epoch, base);
            }
            if (!unchanged) {
                none.forget();
            }
        }
        return paused.save(epoch, base);
    }

    /** Has the machine's thread do it; the reply is not called once this machine is stopped. */
    private <T> void order(@Nullable Machine target, Order<? extends T> order, Reply<T> reply) {
        long mine = stopped;
        CompletableFuture<Void> before = ended;
        if (target == null) {
            loop.post(() -> reply.failed(unavailable("there is no machine here")));
            return;
        }
        thread.execute(() -> {
            Runnable end;
            try {
                before.join();
                T result = order.carryOut(target);
                end = () -> reply.done(result);
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "an order to the machine", e);
                String why = e.getMessage() == null ? e.toString() : e.getMessage();
                end = () -> reply.failed(unavailable(why));
            }
            Runnable over = end;
            loop.post(() -> {
                if (stopped == mine) {
                    over.run();
                }
            });
        });
    }

    private static Trouble unavailable(String why) {
        return new Trouble(Trouble.Kind.UNAVAILABLE, why);
    }

    /** Takes a state for the machine {@code none}, for the next cut; null if another machine runs here, or none at all. */
    NoMachine.@Nullable HandedOver handOver(InputStream state, long base) throws IOException {
        return machine instanceof NoMachine none ? none.handOver(state, base) : null;
    }

    /** Where the state is that the machine {@code none} was resumed with; else null. */
    @Nullable
    Path resumedState() {
        return machine instanceof NoMachine none ? none.resumedState() : null;
    }

    /** Whether clients may come. */
    boolean isRunning() {
        return running;
    }

    Map<String, VolumeShell> volumesByName() {
        return volumes;
    }

    /** What one machine is given; what it says once it is stopped counts no more. */
    private final class Guest implements MachineHost {
        private final long number;

        Guest(long number) {
            this.number = number;
        }

        @Override
        public Map<String, BlockDevice> volumes() {
            return Collections.unmodifiableMap(volumes);
        }

        @Override
        public Closeable serve(Path socket) throws IOException {
            return NbdServer.builder()
                    .listen(NbdUri.parse("nbd+unix:///?socket=" + socket))
                    .loop(loop.events())
                    .exports(new ServedVolumes(MachineShell.this, ServedVolumes.To.MACHINE_TO_COME, writeCache))
                    .start();
        }

        @Override
        public void say(Runnable release) {
            unlessStopped(() -> loop.host().say(release));
        }

        @Override
        public void sayOfItself(Runnable release) {
            unlessStopped(() -> loop.host().sayOfItself(release));
        }

        @Override
        public void gone(String why) {
            unlessStopped(() -> gone.accept("the machine is gone: " + why));
        }

        @Override
        public boolean isAsked() {
            return volumes.values().stream().anyMatch(VolumeShell::isAsked);
        }

        @Override
        public void failed(String why) {
            LOG.log(System.Logger.Level.ERROR, "the machine cannot go on: {0}", why);
            unlessStopped(() -> loop.host().machineFailed(why));
        }

        @Override
        public void stands(String why) {
            unlessStopped(() -> loop.host().machineStands(why));
        }

        @Override
        public void goesOn() {
            unlessStopped(() -> loop.host().machineGoesOn());
        }

        private void unlessStopped(Runnable event) {
            loop.post(() -> {
                if (stopped == number) {
                    event.run();
                }
            });
        }
    }

    /** Ends the machine; the loop has ended. */
    @Override
    public void close() {
        stop();
        thread.shutdownNow();
        ended.join();
    }
}
