package dev.unwrite.chaos.campaign;

import dev.unwrite.chaos.Moment;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.Processes;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.fault.Fault;
import dev.unwrite.chaos.fault.Faults;
import dev.unwrite.chaos.fault.Scene;
import dev.unwrite.chaos.stage.Place;
import dev.unwrite.chaos.stage.StageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Breaks things step by step, and puts them right again. For one thread. */
final class Nemesis {
    private static final int WORK_MIN_MILLIS = 150;
    private static final int WORK_MAX_MILLIS = 700;
    private static final int BETWEEN_MAX_MILLIS = 250;
    private static final long POLL_MILLIS = 10;

    /** What a node says at the end of a line when it can do nothing more for itself. */
    private static final String ASKS = "start the node again";

    private static final long ASKS_AFTER_NANOS = 4_000_000_000L;

    private final Pair pair;
    private final Watcher watcher;
    private final Plan plan;
    private final Set<String> wanted;
    private final Duration recoverMax;
    private final Consumer<String> say;
    private final List<Struck> struck = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private final List<String> late = new ArrayList<>();
    private final List<Long> recoveries = new ArrayList<>();
    private int step;
    private int restarts;

    /** Of a pair that has not started yet. */
    Nemesis(Pair pair, Watcher watcher, List<Fault> faults, long seed, Duration recoverMax, Consumer<String> say) {
        this.pair = pair;
        this.watcher = watcher;
        this.plan = new Plan(faults, seed);
        this.wanted = new TreeSet<>(faults.stream().map(Fault::name).toList());
        this.recoverMax = recoverMax;
        this.say = say;
    }

    /** A fault, whom it hit, and since when. */
    private record Active(Plan.Strike strike, Fault.Injection injection, long at) {}

    /** Goes on for at least that long, and then until every fault and enough takeovers were seen, but not for ever. */
    void run(Duration atLeast, Duration atMost, long takeoversWanted) throws InterruptedException {
        HostId runs = HostId.A;
        int takeovers = 0;
        long startedAt = System.nanoTime();
        while (true) {
            long passed = System.nanoTime() - startedAt;
            boolean enough = passed > atLeast.toNanos() && notSeen().isEmpty() && takeovers >= takeoversWanted;
            if (enough || passed > atMost.toNanos()) {
                return;
            }
            if (passed > atLeast.toNanos()) {
                plan.want(notSeen());
            }
            Optional<HostId> primary = awaitProtected();
            if (primary.isEmpty()) {
                return;
            }
            if (primary.get() != runs) {
                takeovers++;
                runs = primary.get();
            }
            int slowness = pair.options().load().slowness();
            Thread.sleep(
                    (WORK_MIN_MILLIS + (long) plan.chance().nextInt(WORK_MAX_MILLIS - WORK_MIN_MILLIS)) * slowness);
            step(primary.get());
        }
    }

    private void step(HostId primary) throws InterruptedException {
        step++;
        Scene scene = new Scene(pair, primary, pair::status, plan.chance());
        List<Active> active = new ArrayList<>();
        long until = System.nanoTime();
        try {
            for (Plan.Strike strike : plan.next()) {
                if (!active.isEmpty()) {
                    boolean works = Plan.isOfMessages(active.getLast().strike().fault());
                    Thread.sleep((works ? WORK_MIN_MILLIS : 0)
                            + plan.chance().nextInt(works ? WORK_MAX_MILLIS : BETWEEN_MAX_MILLIS));
                }
                long at = Moment.now();
                Fault.Injection injection = strike.fault().act().strike(scene, strike.target());
                active.add(new Active(strike, injection, at));
                say.accept(strike.fault().name() + " " + injection.hit() + " ("
                        + strike.target().word() + "): " + strike.fault().title());
                until = Math.max(until, System.nanoTime() + injection.holdMillis() * 1_000_000);
            }
            boolean breaks =
                    active.stream().anyMatch(one -> one.strike().fault().breaks());
            await(until, primary, breaks);
        } finally {
            for (Active one : active.reversed()) {
                heal(one);
            }
        }
        startAll();
        restartFailedStorage();
    }

    /** After some errors a storage answers with errors until it is started again, and says so: its operator does. */
    private void restartFailedStorage() {
        String error = pair.storageError();
        if (!error.isEmpty()) {
            ended.add("storage after step " + step + ", started again as it asked for: " + error);
            pair.storage().kill();
            pair.startStorage();
        }
    }

    /** Holds; when the other host has taken over, there is nothing more to wait for. */
    private void await(long until, HostId primary, boolean breaks) throws InterruptedException {
        while (System.nanoTime() - until < 0) {
            if (breaks && watcher.last(primary.other()).isPrimary()) {
                Thread.sleep(plan.chance().nextInt(BETWEEN_MAX_MILLIS));
                return;
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void heal(Active one) {
        String seen = "";
        try {
            seen = one.injection().seen();
        } finally {
            one.injection().heal();
            if (seen.isEmpty() && notSeen().contains(one.strike().fault().name())) {
                plan.again(one.strike());
            }
            struck.add(new Struck(
                    step,
                    one.at(),
                    Moment.now(),
                    one.strike().fault().name(),
                    one.strike().fault().title(),
                    one.strike().target().word(),
                    one.injection().hit(),
                    seen));
        }
    }

    /** Starts what does not run, as the supervisor of a host would. */
    void startAll() {
        boolean storage = !pair.storage().isRunning();
        if (storage) {
            pair.storage().start();
        }
        for (HostId host : HostId.values()) {
            start(pair.place(host));
        }
        if (storage) {
            pair.awaitStorage();
        }
    }

    private void start(Place place) {
        if (!place.isRunning()) {
            place.start();
            restarts++;
        }
    }

    /** Waits until somebody is protected; what ends by itself is started again, and noted. */
    Optional<HostId> awaitProtected() throws InterruptedException {
        long startedAt = System.nanoTime();
        long looked = startedAt;
        while (System.nanoTime() - startedAt < recoverMax.toNanos()) {
            for (HostId host : HostId.values()) {
                // Asked now: what was seen last may be from before the heal.
                SeenStatus status = pair.status(host);
                if (status.isProtectedPrimary() && pair.place(host.other()).isRunning()) {
                    recoveries.add((System.nanoTime() - startedAt) / 1_000_000);
                    return Optional.of(host);
                }
            }
            if (System.nanoTime() - looked > 500_000_000) {
                looked = System.nanoTime();
                lookForDead();
                if (System.nanoTime() - startedAt > ASKS_AFTER_NANOS) {
                    restartFailedStorage();
                    restartWhoAsks();
                }
            }
            Thread.sleep(POLL_MILLIS);
        }
        late.add("not protected " + recoverMax.toSeconds() + " s after step " + step + ": A "
                + watcher.last(HostId.A).words() + "; B "
                + watcher.last(HostId.B).words());
        return Optional.empty();
    }

    private void lookForDead() {
        if (!pair.storage().isRunning()) {
            ended.add("storage: " + lastLine(pair.storage()));
            pair.startStorage();
        }
        for (HostId host : HostId.values()) {
            Place place = pair.place(host);
            if (!place.isRunning()) {
                String why = lastLine(place);
                ended.add(place.name() + " after step " + step + ": " + why);
                // An operator would read the line, and give a host with a corrupt log an empty disk.
                boolean spoiled = struck.stream().anyMatch(one -> one.step() == step && isSpoiling(one));
                if (spoiled && watcher.last(host.other()).mode().equals("solo")) {
                    Faults.wipe(place);
                }
                start(place);
            }
        }
    }

    /** A host that says that it has to be started again, is: its operator reads what it says. */
    private void restartWhoAsks() {
        for (HostId host : HostId.values()) {
            Place place = pair.place(host);
            String line = lastLine(place);
            if (line.contains(ASKS) && place.isRunning() && !watcher.last(host).isPrimary()) {
                ended.add(place.name() + " after step " + step + ", started again as it asked for: " + line);
                place.kill();
                start(place);
            }
        }
    }

    private static boolean isSpoiling(Struck one) {
        return one.fault().equals("flip") || one.fault().equals("tear");
    }

    /** Lost connections are told again and again, and are no reason for anything. */
    private static String lastLine(Place place) {
        return Processes.lastLine(place.log(), line -> !line.contains("onnect"));
    }

    /** Heals whatever a step may have left, when it was interrupted by a failure of the stage. */
    void healAll() {
        for (Place place : List.of(pair.storage(), pair.place(HostId.A), pair.place(HostId.B))) {
            try {
                place.thaw();
                place.signal("CONT");
                place.disk().ifPresent(disk -> disk.thaw());
            } catch (StageException e) {
                ended.add("heal " + place.name() + ": " + e.getMessage());
            }
        }
    }

    /** Faults that have not been seen to take effect yet. */
    Set<String> notSeen() {
        Set<String> left = new TreeSet<>(wanted);
        struck.stream().filter(Struck::tookEffect).map(Struck::fault).forEach(left::remove);
        return left;
    }

    List<Struck> struck() {
        return List.copyOf(struck);
    }

    /** Programs that ended though nobody killed them, with their last line. */
    List<String> ended() {
        return List.copyOf(ended);
    }

    /** Waits for protection that were too long. */
    List<String> late() {
        return List.copyOf(late);
    }

    /** How long each recovery took after the heal, in milliseconds. */
    List<Long> recoveries() {
        return List.copyOf(recoveries);
    }

    int restarts() {
        return restarts;
    }
}
