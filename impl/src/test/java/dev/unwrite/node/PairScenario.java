package dev.unwrite.node;

import static dev.unwrite.node.TestPair.BLOCK;
import static dev.unwrite.node.TestPair.fill;
import static dev.unwrite.node.TestPair.stamp;
import static dev.unwrite.node.TestPair.stamped;

import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.node.TestPair.Host;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A short story of a pair of real processes in which each host, and the storage, is killed or stopped while the machine
 * writes: for code that may be wrong. Exits with 0, or with 1 after a line {@code caught: ...} that says what went wrong.
 * Leaves traces in the folder {@code trace} of the folder that is its argument.
 */
final class PairScenario {
    private static final String CAUGHT = "caught: ";
    private static final int LOAD_BLOCKS = 24;
    private static final int DISK_BYTES = 16 << 20;
    private static final int STATE_BYTES = 64 << 20;
    private static final Duration WRITES_MAX = Duration.ofSeconds(20);
    private static final Pattern RESTORED = Pattern.compile("restored-(\\d+)-(\\d+)\\.bin");

    private final Path dir;
    private final TestPair pair;
    private final ForgetfulDisk power;
    private final Path witness;
    private String scene = "";

    private PairScenario(Path dir, TestPair pair, ForgetfulDisk power) {
        this.dir = dir;
        this.pair = pair;
        this.power = power;
        this.witness = dir.resolve("witness");
    }

    static void main(String[] args) throws IOException {
        Path dir = Path.of(args[0]);
        Files.createDirectories(dir.resolve("trace"));
        TestPair pair = new TestPair(dir, List.of("--failover-after=4s"));
        NbdUri backend = NbdUri.unix(dir.resolve("disk.sock"), "disk");
        ForgetfulDisk power = new ForgetfulDisk(backend, DISK_BYTES);
        pair.volumes(TestPair.GROUP + "/" + TestPair.VOLUME + "=" + backend);
        PairScenario scenario = new PairScenario(dir, pair, power);
        int status = 0;
        try {
            scenario.run();
        } catch (Exception | AssertionError e) {
            e.printStackTrace(System.out);
            System.out.println(pair.logs());
            System.out.println(CAUGHT + scenario.scene + ": " + oneLine(e));
            status = 1;
        } finally {
            pair.close();
            power.stop();
        }
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }

    private static String oneLine(Throwable e) {
        String text = e.getMessage() == null ? e.toString() : e.getMessage();
        return text.strip().replaceAll("\\s+", " ");
    }

    private void run() throws Exception {
        pair.trace(dir.resolve("trace"));
        pair.options("--witness=" + witness);
        scene("a pair is formed");
        pair.start();
        everyWayToOverwrite();
        primaryIsKilled();
        storageIsKilled();
        primaryIsStopped();
        secondaryIsKilled();
        ownerStartsCold();
        whatIsOfAnotherLifeIsRefused();
        scene("each rollback gives what was there at the cut");
        compareWitnesses();
    }

    private void scene(String name) {
        scene = name;
        System.out.println(name);
    }

    private void everyWayToOverwrite() throws Exception {
        scene("every way to overwrite, then the primary is killed");
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            fill(disk, 0, 64 * BLOCK, 11);
            fill(disk, 1 << 20, 16 * BLOCK, 12);
            stamp(disk, 4095, 1);
            pair.a.order("checkpoint", "one");
            fill(disk, 4 * BLOCK, 2 * BLOCK, 13);
            fill(disk, 0, 32 * BLOCK, 14);
            disk.trim(1 << 20, 8 * BLOCK, false);
            disk.writeZeroes(150_000, 100_000, false, false);
            fill(disk, 5100, 100, 15);
            disk.write(40L * BLOCK, ByteBuffer.wrap(stamped(40, 2)), true);
            stamp(disk, 4095, 2);
            disk.flush();
            pair.a.order("checkpoint", "two");
            fill(disk, 2 * BLOCK, 8 * BLOCK, 16);
            disk.writeZeroes(60L * BLOCK, 8L * BLOCK, false, false);
            pair.a.order("checkpoint", "three");
            image = TestPair.image(disk);
            fill(disk, 0, 5 * BLOCK, 17);
            fill(disk, 2 * BLOCK, 8 * BLOCK, 18);
            disk.writeZeroes(8L * BLOCK, 8L * BLOCK, false, false);
            disk.trim(60L * BLOCK, 4L * BLOCK, false);
            stamp(disk, 4095, 3);
        }
        pair.a.kill();
        pair.b.order("failover");
        same(pair.b.image(), image, "after the failover");
        expect(pair.b.state().equals("three"), "the state is " + pair.b.state() + " instead of three");
        pair.a.start();
        pair.awaitProtected(pair.b);
    }

    private void primaryIsKilled() throws Exception {
        scene("the primary is killed while it writes and a checkpoint is on its way");
        try (NbdClient disk = pair.b.connect()) {
            Load load = new Load(disk, 1);
            load.awaitWrites(30);
            pair.b.order("checkpoint", "four");
            load.awaitWrites(30);
            // Large, so that it is still on its way when the host dies: each block then has copies of two epochs.
            Thread.ofVirtual().start(() -> askForCheckpoint(pair.b, "x".repeat(STATE_BYTES)));
            pair.b.awaitStatus(
                    "has a checkpoint on its way",
                    s -> s.path("epoch").asLong() > s.path("committed").asLong());
            load.awaitWrites(3);
            pair.b.kill();
            load.awaitFailure("a host that was killed");
        }
        pair.a.order("failover");
        pair.b.start();
        pair.awaitProtected(pair.a);
    }

    private static void askForCheckpoint(Host host, String state) {
        try {
            host.post("checkpoint", state);
        } catch (IOException e) {
            // The host is killed meanwhile.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void storageIsKilled() throws Exception {
        scene("the storage is killed while the primary writes");
        try (NbdClient disk = pair.a.connect()) {
            Load load = new Load(disk, 1000);
            load.awaitWrites(30);
            pair.killStorage();
            pair.startStorage();
            load.awaitWrites(30);
            scene("the storage's disk loses power while the primary writes");
            power.losePower();
            load.awaitWrites(30);
            expect(load.end() == null, "a write failed: " + load.failure);
            load.compare(disk);
            pair.a.order("checkpoint", "five");
        }
    }

    private void primaryIsStopped() throws Exception {
        scene("the primary stands still, and comes back as if nothing had happened");
        byte[] image;
        try (NbdClient disk = pair.a.connect()) {
            image = TestPair.image(disk);
            // With FUA: other writes may be answered before a host notices that it is fenced, and go with its machine.
            Load load = new Load(disk, 2000, true);
            load.awaitWrites(30);
            pair.a.signal("STOP");
            pair.b.order("failover");
            same(pair.b.image(), image, "after the failover");
            int done = load.writes();
            pair.a.signal("CONT");
            load.awaitFailure("a host that was fenced");
            // The storage may have had it before it fenced the host, so that only the answer was left to be given.
            expect(load.writes() <= done + 1, "more than the write under way succeeded at a host that was fenced");
        }
        pair.awaitProtected(pair.b);
        same(pair.b.image(), image, "after the other host came back");
        same(power.content(), image, "at the storage, after the other host came back");
    }

    private void secondaryIsKilled() throws Exception {
        scene("the secondary is killed, and the primary goes on alone");
        try (NbdClient disk = pair.b.connect()) {
            Load load = new Load(disk, 3000);
            load.awaitWrites(20);
            pair.a.kill();
            pair.b.awaitRole("primary", "solo");
            load.awaitWrites(20);
            expect(load.end() == null, "a write failed: " + load.failure);
            load.compare(disk);
        }
    }

    private void ownerStartsCold() throws Exception {
        scene("an owner that is alone and the storage's disk lose power, and it starts cold");
        byte[] image;
        try (NbdClient disk = pair.b.connect()) {
            stamp(disk, 7, 4000);
            disk.flush();
            disk.write(9L * BLOCK, ByteBuffer.wrap(stamped(9, 4001)), true);
            image = TestPair.image(disk);
        }
        pair.b.kill();
        power.losePower();
        pair.b.start();
        pair.b.awaitRole("primary", "solo");
        same(pair.b.image(), image, "after the cold start");
        pair.a.start();
        pair.awaitProtected(pair.b);
        pair.b.order("switchover");
        pair.awaitProtected(pair.a);
        same(pair.a.image(), image, "after the switchover");
    }

    /** Another pair, which leaves no trace: two storages are no run of one. */
    private void whatIsOfAnotherLifeIsRefused() throws Exception {
        scene("a host comes back without the undo log that goes with its checkpoint");
        try (TestPair other = new TestPair(Files.createDirectory(dir.resolve("other")), List.of())) {
            other.options("--failover-after=manual");
            other.start();
            try (NbdClient disk = other.a.connect()) {
                stamp(disk, 1, 1);
                other.a.order("checkpoint", "old");
                stamp(disk, 1, 2);
                disk.flush();
            }
            other.a.kill();
            other.b.kill();
            Path undo = other.b.data.resolve("undo");
            Folders.copy(undo, dir.resolve("undo"));
            Folders.remove(undo);
            expectRefusal(other.b);
            Folders.copy(dir.resolve("undo"), undo);
            scene("the storage begins anew beside hosts of another life");
            other.killStorage();
            Folders.remove(other.storageData());
            other.startStorage();
            expectRefusal(other.b);
            expectRefusal(other.a, "--bootstrap");
        }
    }

    private static void expectRefusal(Host host, String... options) throws IOException {
        host.start(options);
        int status = host.awaitEnd().status();
        expect(status == 2, host.name + " ended with " + status);
    }

    private void compareWitnesses() throws IOException {
        int compared = 0;
        try (Stream<Path> found = Files.list(witness)) {
            for (Path restored : found.sorted().toList()) {
                Matcher name = RESTORED.matcher(restored.getFileName().toString());
                if (name.matches()) {
                    // The term ends with the takeover, so the cut was made in the one before.
                    long term = Long.parseLong(name.group(1)) - 1;
                    Path cut = witness.resolve("image-" + term + "-" + name.group(2) + ".bin");
                    expect(Files.exists(cut), restored.getFileName() + " goes back to a cut that was never made");
                    same(
                            Files.readAllBytes(restored),
                            Files.readAllBytes(cut),
                            restored.getFileName().toString());
                    compared++;
                }
            }
        }
        expect(compared >= 3, "only " + compared + " rollbacks have left their images");
    }

    private static void same(byte[] found, byte[] wanted, String when) {
        int at = Arrays.mismatch(found, wanted);
        expect(at < 0, "block " + at / BLOCK + " differs " + when);
    }

    private static void expect(boolean is, String otherwise) {
        if (!is) {
            throw new AssertionError(otherwise);
        }
    }

    /** One writer that goes around and around, and remembers what it wrote last where. */
    private static final class Load {
        private final int[] rounds = new int[LOAD_BLOCKS];
        private final AtomicInteger writes = new AtomicInteger();
        private final AtomicBoolean stop = new AtomicBoolean();
        private final Thread thread;
        private volatile @Nullable Exception failure;

        Load(NbdClient disk, int first) {
            this(disk, first, false);
        }

        Load(NbdClient disk, int first, boolean fua) {
            thread = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = first; !stop.get(); i++) {
                        int block = i % LOAD_BLOCKS;
                        disk.write((long) block * BLOCK, ByteBuffer.wrap(stamped(block, i)), fua);
                        rounds[block] = i;
                        writes.incrementAndGet();
                    }
                } catch (IOException e) {
                    failure = e;
                }
            });
        }

        void awaitWrites(int more) {
            int until = writes.get() + more;
            Awaitility.await("writes go on")
                    .atMost(WRITES_MAX)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> writes.get() >= until);
        }

        int writes() {
            return writes.get();
        }

        /**
         * Goes on until a write fails. Which one does is open: the one under way may have been applied, and answered, before
         * its host was killed or fenced.
         */
        void awaitFailure(String of) throws InterruptedException {
            boolean ended = thread.join(WRITES_MAX);
            stop.set(true);
            expect(ended, "no write to " + of + " failed");
        }

        /** Stops; null, or why a write failed. */
        @Nullable
        Exception end() throws InterruptedException {
            stop.set(true);
            expect(thread.join(WRITES_MAX), "a write neither ends nor fails");
            return failure;
        }

        /** The disk holds what was written last. */
        void compare(NbdClient disk) throws IOException {
            for (int block = 0; block < LOAD_BLOCKS; block++) {
                if (rounds[block] > 0) {
                    ByteBuffer found = ByteBuffer.allocate(BLOCK);
                    disk.read((long) block * BLOCK, found);
                    same(
                            found.array(),
                            stamped(block, rounds[block]),
                            "in block " + block + ", which was written last as " + rounds[block]);
                }
            }
        }
    }
}
