package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.Trees;
import dev.unwrite.chaos.stage.Ability;
import dev.unwrite.chaos.stage.LoopDisk;
import dev.unwrite.chaos.stage.Place;
import dev.unwrite.chaos.stage.StageException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Faults of the disks under undo log, checkpoint store and storage. */
final class DiskFaults {
    private static final Set<Ability> DISK = Set.of(Ability.DISK);
    private static final List<Target> HOSTS = List.of(Target.PRIMARY, Target.SECONDARY);
    /** Less than this is full: what a host deletes meanwhile may leave room for a block again. */
    private static final long FULL_BYTES = 64 << 10;

    private DiskFaults() {}

    static List<Fault> all() {
        return List.of(
                new Fault("disk-full", "no space left", DISK, HOSTS, false, DiskFaults::full),
                new Fault(
                        "disk-slow",
                        "the disk stands still most of the time",
                        DISK,
                        List.of(Target.SECONDARY, Target.STORAGE),
                        false,
                        DiskFaults::slow),
                new Fault(
                        "disk-hung",
                        "the disk answers nothing",
                        DISK,
                        List.of(Target.SECONDARY, Target.STORAGE),
                        false,
                        DiskFaults::hung),
                new Fault("disk-readonly", "the file system turns read-only", DISK, HOSTS, false, DiskFaults::readOnly),
                new Fault(
                        "full-storage",
                        "no space left for the storage",
                        DISK,
                        List.of(Target.STORAGE),
                        false,
                        DiskFaults::full),
                new Fault(
                        "readonly-storage",
                        "the storage's file system turns read-only",
                        DISK,
                        List.of(Target.STORAGE),
                        false,
                        DiskFaults::readOnly),
                new Fault(
                        "eio-storage",
                        "the storage's disk answers with errors, and is well again",
                        Set.of(),
                        List.of(Target.STORAGE),
                        false,
                        DiskFaults::errors),
                new Fault(
                        "dying-storage",
                        "the storage's disk gives errors, then loses what was not synced",
                        DISK,
                        List.of(Target.STORAGE),
                        false,
                        DiskFaults::dying),
                new Fault("power", "power loss: what was not synced is gone", DISK, HOSTS, true, DiskFaults::power),
                new Fault(
                        "power-both", "power loss of both hosts", DISK, List.of(Target.BOTH), true, DiskFaults::power),
                new Fault(
                        "power-storage",
                        "power loss of the storage",
                        DISK,
                        List.of(Target.STORAGE),
                        false,
                        DiskFaults::power),
                new Fault(
                        "flip",
                        "a flipped bit in the undo log of a stopped secondary",
                        Set.of(),
                        List.of(Target.SECONDARY),
                        false,
                        DiskFaults::flip),
                new Fault(
                        "tear",
                        "the end of a file of the undo log is gone",
                        Set.of(),
                        List.of(Target.SECONDARY),
                        false,
                        DiskFaults::tear),
                new Fault(
                        "replace",
                        "the secondary replaced by an empty one",
                        Set.of(),
                        List.of(Target.SECONDARY),
                        false,
                        DiskFaults::replace));
    }

    private static LoopDisk disk(Place place) {
        return place.disk().orElseThrow();
    }

    private static StruckFault full(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        long free = disk(place).fill();
        return new StruckFault(
                place.name(),
                scene.millis(800, 2500),
                () -> free < FULL_BYTES ? free + " bytes were left" : "",
                () -> disk(place).empty());
    }

    private static StruckFault slow(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        disk(place).slow();
        Probe probe = Probe.start(place);
        return new StruckFault(
                place.name(),
                scene.millis(800, 2500),
                probe::took,
                () -> disk(place).stopSlowness());
    }

    private static StruckFault hung(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        disk(place).freeze();
        Probe probe = Probe.start(place);
        return new StruckFault(
                place.name(),
                scene.millis(500, 2500),
                probe::waits,
                () -> disk(place).thaw());
    }

    /** A write of somebody else to the same disk. */
    private record Probe(Process process, long startedAt, CompletableFuture<Long> endedAt) {
        private static final long SLOW_MILLIS = 60;

        static Probe start(Place place) {
            List<String> dd = List.of(
                    "dd",
                    "if=/dev/zero",
                    "of=" + place.data().resolve("probe"),
                    "bs=4096",
                    "count=24",
                    "oflag=dsync",
                    "status=none");
            try {
                Process process = new ProcessBuilder(dd)
                        .redirectErrorStream(true)
                        .redirectOutput(new File("/dev/null"))
                        .start();
                return new Probe(process, System.nanoTime(), process.onExit().thenApply(ended -> System.nanoTime()));
            } catch (IOException e) {
                throw new StageException("cannot run dd", e);
            }
        }

        private long millis() {
            return (endedAt.getNow(System.nanoTime()) - startedAt) / 1_000_000;
        }

        String waits() {
            return process.isAlive() ? "a write waited " + millis() + " ms" : "";
        }

        String took() {
            return millis() < SLOW_MILLIS ? "" : "24 writes took " + millis() + " ms";
        }
    }

    private static StruckFault readOnly(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        disk(place).readOnly();
        return new StruckFault(
                place.name(), scene.pastFailover(), () -> disk(place).isWritable() ? "" : "a write failed", () -> {
                    place.kill();
                    disk(place).repair();
                });
    }

    private static StruckFault errors(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        long before = place.failures();
        try {
            Files.writeString(place.errors(), "EIO\n");
        } catch (IOException e) {
            throw new StageException("cannot write " + place.errors(), e);
        }
        return new StruckFault(
                place.name(),
                scene.millis(300, 2_500),
                () -> place.failures() > before ? place.failures() - before + " reads, writes and syncs failed" : "",
                () -> {
                    try {
                        Files.deleteIfExists(place.errors());
                    } catch (IOException e) {
                        throw new StageException("cannot delete " + place.errors(), e);
                    }
                });
    }

    /** The kernel's own errors: the program lives on without its file system for a while. */
    private static StruckFault dying(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        disk(place).powerDown();
        return new StruckFault(
                place.name(),
                scene.millis(300, 1_500),
                () -> disk(place).isWritable() ? "" : "nothing could be read or written; killed, and mounted again",
                () -> {
                    place.kill();
                    disk(place).powerUp();
                });
    }

    private static StruckFault power(Scene scene, Target target) {
        List<Place> places = scene.places(target);
        places.forEach(place -> disk(place).powerDown());
        boolean dark = places.stream().noneMatch(place -> disk(place).isWritable());
        places.forEach(Place::kill);
        long hold = target == Target.PRIMARY ? scene.pastFailover() : scene.millis(200, 1200);
        return new StruckFault(
                Scene.names(places),
                hold,
                () -> dark ? "nothing could be written; killed, and mounted again" : "",
                () -> places.forEach(place -> disk(place).powerUp()));
    }

    /** Does something to the files of a host that is stopped; says what. */
    @FunctionalInterface
    private interface Damage {
        String to(Place place) throws IOException;
    }

    /**
     * Only beside a primary that is alone, and stays so: nobody may need what is spoiled. A join that was about to end may
     * still end after the kill, and is noticed to be void only when the dead host has been silent for long enough.
     */
    private static StruckFault spoil(Scene scene, Target target, Damage damage) throws InterruptedException {
        Place place = scene.places(target).getFirst();
        place.kill();
        String seen = "";
        if (scene.awaitAlone(scene.pair().options().failoverAfter().toMillis() + 800)) {
            try {
                seen = damage.to(place);
            } catch (IOException e) {
                // Nothing that could be spoiled; the check wants a time when there was.
            }
        }
        return StruckFault.atOnce(place.name(), 0, seen);
    }

    private static StruckFault flip(Scene scene, Target target) throws InterruptedException {
        return spoil(scene, target, place -> {
            List<Path> logs = logs(place);
            if (logs.isEmpty()) {
                return "";
            }
            Path log = logs.get(scene.chance().nextInt(logs.size()));
            try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
                long at = scene.chance().nextInt((int) Math.min(file.length(), 16_384));
                file.seek(at);
                int old = file.read();
                file.seek(at);
                file.write(old ^ 1 << scene.chance().nextInt(8));
                return "a bit of byte " + at + " of " + log.getFileName();
            }
        });
    }

    private static StruckFault tear(Scene scene, Target target) throws InterruptedException {
        return spoil(scene, target, place -> {
            List<Path> logs = logs(place);
            if (logs.isEmpty()) {
                return "";
            }
            Path log = logs.getLast();
            try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
                long length = Math.min(file.length(), scene.millis(1, 20_000));
                file.setLength(length);
                return log.getFileName() + " ends after " + length + " bytes";
            }
        });
    }

    /** The files of the undo log that are not empty. */
    private static List<Path> logs(Place place) throws IOException {
        try (Stream<Path> files = Files.list(place.data().resolve("node/undo"))) {
            return files.filter(file -> file.toFile().length() > 0).sorted().toList();
        }
    }

    private static StruckFault replace(Scene scene, Target target) throws InterruptedException {
        return spoil(scene, target, place -> wipe(place) ? "its folder was emptied" : "");
    }

    /** Deletes all that a host has; only for one that nobody depends on. */
    static boolean wipe(Place place) {
        try {
            Trees.delete(place.data().resolve("node"));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
