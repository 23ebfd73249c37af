package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.stage.Ability;
import dev.unwrite.chaos.stage.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Faults of programs: killed, stopped, frozen, at bad moments; and the change of roles that somebody asks for. */
final class ProcessFaults {
    private static final Duration SWITCHOVER_MAX = Duration.ofSeconds(10);

    private ProcessFaults() {}

    static List<Fault> all() {
        return List.of(
                new Fault(
                        "kill",
                        "SIGKILL",
                        Set.of(),
                        List.of(Target.PRIMARY, Target.SECONDARY),
                        true,
                        ProcessFaults::kill),
                new Fault(
                        "kill-storage",
                        "SIGKILL of the storage",
                        Set.of(),
                        List.of(Target.STORAGE),
                        false,
                        ProcessFaults::kill),
                new Fault(
                        "kill-both",
                        "SIGKILL of both hosts at once",
                        Set.of(),
                        List.of(Target.BOTH),
                        true,
                        ProcessFaults::kill),
                new Fault(
                        "stop",
                        "SIGSTOP, later SIGCONT",
                        Set.of(),
                        List.of(Target.PRIMARY, Target.SECONDARY),
                        true,
                        ProcessFaults::stop),
                new Fault(
                        "stop-storage",
                        "SIGSTOP of the storage",
                        Set.of(),
                        List.of(Target.STORAGE),
                        false,
                        ProcessFaults::stop),
                new Fault(
                        "pause",
                        "cgroup freezer",
                        Set.of(Ability.FREEZER),
                        List.of(Target.PRIMARY, Target.SECONDARY),
                        true,
                        ProcessFaults::pause),
                new Fault(
                        "kill-in-takeover",
                        "the second host killed while it takes over",
                        Set.of(),
                        List.of(Target.BOTH),
                        true,
                        ProcessFaults::killInTakeover),
                new Fault(
                        "kill-in-rollback",
                        "the second host killed while it restores",
                        Set.of(),
                        List.of(Target.BOTH),
                        true,
                        ProcessFaults::killInRollback),
                new Fault(
                        "kill-in-resume",
                        "the second host killed when all is restored, before its machine runs",
                        Set.of(),
                        List.of(Target.BOTH),
                        true,
                        ProcessFaults::killInResume),
                new Fault(
                        "kill-in-join",
                        "a host killed while it joins",
                        Set.of(),
                        List.of(Target.SECONDARY),
                        false,
                        ProcessFaults::killInJoin),
                new Fault(
                        "switchover",
                        "planned switchover",
                        Set.of(),
                        List.of(Target.PRIMARY),
                        false,
                        ProcessFaults::switchover),
                new Fault(
                        "clock",
                        "restart with a clock that is wrong by minutes or hours",
                        Set.of(),
                        List.of(Target.PRIMARY, Target.SECONDARY),
                        true,
                        ProcessFaults::clock));
    }

    private static StruckFault kill(Scene scene, Target target) {
        List<Place> places = scene.places(target);
        places.forEach(Place::kill);
        boolean gone = places.stream().noneMatch(Place::isRunning);
        long hold = target == Target.PRIMARY ? scene.pastFailover() : scene.millis(200, 1500);
        return StruckFault.atOnce(Scene.names(places), hold, gone ? "gone" : "");
    }

    private static StruckFault stop(Scene scene, Target target) {
        List<Place> places = scene.places(target);
        places.forEach(place -> place.signal("STOP"));
        long hold = target == Target.STORAGE ? scene.millis(300, 2000) : scene.pastFailover();
        return new StruckFault(
                Scene.names(places),
                hold,
                () -> target == Target.STORAGE ? "stopped for " + hold + " ms" : silent(scene, target),
                () -> places.forEach(place -> place.signal("CONT")));
    }

    private static StruckFault pause(Scene scene, Target target) {
        List<Place> places = scene.places(target);
        places.forEach(Place::freeze);
        return new StruckFault(
                Scene.names(places),
                scene.pastFailover(),
                () -> silent(scene, target),
                () -> places.forEach(Place::thaw));
    }

    /** One that stands still does not answer. */
    private static String silent(Scene scene, Target target) {
        HostId host =
                target == Target.PRIMARY ? scene.primary() : scene.primary().other();
        return scene.pair().status(host).equals(SeenStatus.DOWN) ? "its control port was silent" : "";
    }

    private static StruckFault killInTakeover(Scene scene, Target target) throws InterruptedException {
        Place second = scene.pair().place(scene.primary().other());
        scene.pair().place(scene.primary()).kill();
        long after = scene.pair().options().failoverAfter().toMillis() + scene.millis(-150, 250);
        Thread.sleep(Math.max(0, after));
        second.kill();
        return StruckFault.atOnce(
                Scene.names(scene.places(target)), scene.millis(100, 600), "killed " + after + " ms after the primary");
    }

    private static StruckFault killInRollback(Scene scene, Target target) throws InterruptedException {
        HostId other = scene.primary().other();
        scene.pair().place(scene.primary()).kill();
        boolean restoring = scene.await(
                scene.pair().options().failoverAfter().toMillis() + 3_000,
                () -> scene.status().apply(other).role().equals("restoring")
                        || scene.status().apply(other).isPrimary());
        String role = scene.status().apply(other).role();
        scene.pair().place(other).kill();
        return StruckFault.atOnce(
                Scene.names(scene.places(target)),
                scene.millis(100, 600),
                restoring ? "killed when its role was last seen as " + role : "");
    }

    private static StruckFault killInResume(Scene scene, Target target) throws InterruptedException {
        HostId other = scene.primary().other();
        Place second = scene.pair().place(other);
        second.aim();
        scene.pair().place(scene.primary()).kill();
        boolean restored = scene.await(
                scene.pair().options().failoverAfter().toMillis() + 3_000,
                () -> isResuming(scene.status().apply(other)));
        second.shoot();
        second.kill();
        String left = restored ? Resume.leftOpen(scene.pair().traces(), other) : "";
        return StruckFault.atOnce(Scene.names(scene.places(target)), scene.millis(100, 600), left);
    }

    /** The record says that the rollback is over, and the machine does not run yet. */
    private static boolean isResuming(SeenStatus status) {
        return status.isPrimary()
                || (status.role().equals("restoring") && status.recordMode().equals("solo"));
    }

    private static StruckFault killInJoin(Scene scene, Target target) throws InterruptedException {
        Place second = scene.pair().place(scene.primary().other());
        second.kill();
        boolean alone = scene.awaitAlone(0);
        second.start();
        boolean joining = scene.await(
                5_000, () -> scene.status().apply(scene.primary()).mode().equals("joining"));
        Thread.sleep(scene.millis(0, 120));
        second.kill();
        return StruckFault.atOnce(
                second.name(), scene.millis(100, 600), alone && joining ? "killed while the primary said joining" : "");
    }

    private static StruckFault switchover(Scene scene, Target target) {
        String said;
        try {
            said = "answered: " + scene.pair().post(scene.primary(), "switchover", SWITCHOVER_MAX);
        } catch (IOException e) {
            // Under other faults it may be refused, which is as it should be; the check wants one that was not.
            said = "";
        }
        return StruckFault.atOnce(scene.primary().name(), scene.millis(0, 200), said);
    }

    private static StruckFault clock(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        long seconds = scene.chance().nextBoolean() ? -scene.millis(120, 7_200) : scene.millis(120, 86_400);
        place.kill();
        try {
            Files.writeString(place.clock(), seconds + "\n");
        } catch (IOException e) {
            return StruckFault.atOnce(place.name(), 0, "");
        }
        return new StruckFault(
                place.name(),
                target == Target.PRIMARY ? scene.pastFailover() : scene.millis(100, 600),
                () -> "its next start has a clock that is " + seconds + " s off",
                () -> {});
    }
}
