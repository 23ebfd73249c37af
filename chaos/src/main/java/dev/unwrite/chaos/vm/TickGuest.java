package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/**
 * A guest for the machine {@code qemu}, made of a kernel and busybox of Debian: it counts some times a second, in its memory
 * and, durably, in a file on its disk, says each number on its console ({@link Console}) and to whoever asks over its network,
 * and complains where memory and disk do not agree. What that looks like is in the file {@code init}.
 */
public final class TickGuest {
    private static final List<String> MODULES = List.of("virtio_pci", "virtio_blk", "virtio_net");
    static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final String INTERPRETER = "/lib64/ld-linux";
    private static final int HEAD_BYTES = 4096;
    private static final int MEMORY_MIB = 96;
    private static final Duration MAKE_MAX = Duration.ofMinutes(2);
    static final Duration COUNT_EVERY = Duration.ofMillis(50);
    /** Where it is, in its network. */
    static final String HOST = "10.77.0.2";

    static final int PORT = 7000;

    private final Path kernel;
    private final Path initrd;

    private TickGuest(Path kernel, Path initrd) {
        this.kernel = kernel;
        this.initrd = initrd;
    }

    /**
     * Makes it, in a folder; a kernel that was downloaded to there once is used again.
     *
     * @throws ExitException with {@link Exit#LACKING}, if something is not installed, in one line that says what to install
     */
    public static TickGuest make(Path folder) throws IOException {
        need("qemu-system-x86_64", "qemu-system-x86");
        need("setpriv", "util-linux");
        need("mkfs.ext4", "e2fsprogs");
        byte[] busybox = busybox();
        Files.createDirectories(folder);
        Path absolute = folder.toAbsolutePath().normalize();
        Kernel kernel = Kernel.find(absolute);
        Path initrd = absolute.resolve("initrd.gz");
        try (Cpio archive = new Cpio(new GZIPOutputStream(Files.newOutputStream(initrd)))) {
            for (String each : List.of("bin", "dev", "lib", "mnt", "proc", "run", "sys", "tmp")) {
                archive.folder(each);
            }
            archive.file("bin/busybox", 0755, busybox);
            archive.file("init", 0755, resource("init").getBytes(StandardCharsets.UTF_8));
            Map<String, byte[]> modules = kernel.modules(MODULES);
            for (Map.Entry<String, byte[]> module : modules.entrySet()) {
                archive.file("lib/" + module.getKey() + ".ko", 0644, module.getValue());
            }
            String list = String.join("\n", modules.keySet()) + "\n";
            archive.file("lib/modules.list", 0644, list.getBytes(StandardCharsets.UTF_8));
        }
        return new TickGuest(kernel.image(), initrd);
    }

    private static void need(String program, String packageName) {
        if (!Tools.have(program)) {
            throw lacking(program, packageName);
        }
    }

    private static ExitException lacking(String what, String packageName) {
        return new ExitException(Exit.LACKING, what + " is missing; apt-get install " + packageName);
    }

    /** In the guest there is nothing with which it could be linked. */
    private static byte[] busybox() throws IOException {
        if (!Files.isReadable(BUSYBOX)) {
            throw lacking("busybox", "busybox-static");
        }
        byte[] program = Files.readAllBytes(BUSYBOX);
        String head = new String(program, 0, Math.min(program.length, HEAD_BYTES), StandardCharsets.ISO_8859_1);
        if (head.contains(INTERPRETER)) {
            throw lacking("a busybox that needs no libraries", "busybox-static");
        }
        return program;
    }

    /** What a guest is made of, of the files beside this class. */
    static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(TickGuest.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Writes the FILE of {@code --machine qemu:FILE}, the same for both hosts. Whoever connects to the port on loopback of the
     * host that runs the guest speaks to the guest: for LINE it answers {@code LINE n BOOT-ID}.
     */
    public Path arguments(Path file, int port) throws IOException {
        // A network that needs no rights.
        return arguments(
                file,
                "user,id=n0,net=10.77.0.0/24,host=10.77.0.1,restrict=on,hostfwd=tcp:127.0.0.1:" + port + "-" + HOST
                        + ":" + PORT);
    }

    /** The same with another network, named n0; the guest is at 10.77.0.2, port 7000. */
    public Path arguments(Path file, String network) throws IOException {
        return arguments(file, network, MEMORY_MIB, COUNT_EVERY);
    }

    /** The same with so much memory, and so long from one count to the next. */
    Path arguments(Path file, String network, int memoryMib, Duration countEvery) throws IOException {
        return Files.write(
                file,
                List.of(
                        "# The machine: as QEMU 7.2 makes it, in software.",
                        "-machine",
                        "pc-q35-7.2,accel=tcg",
                        "-m",
                        memoryMib + "M",
                        "-nodefaults",
                        "-no-user-config",
                        "-display",
                        "none",
                        "# Its console is what the process says.",
                        "-serial",
                        "stdio",
                        "-kernel",
                        kernel.toString(),
                        "-initrd",
                        initrd.toString(),
                        "-append",
                        "console=ttyS0 panic=-1 mitigations=off tsc=unstable loglevel=4 init_on_free=1 rdinit=/init every="
                                + TimeUnit.NANOSECONDS.toMicros(countEvery.toNanos()),
                        "-netdev",
                        network,
                        "-device",
                        "virtio-net-pci,netdev=n0,romfile="));
    }

    /**
     * Whether the file system on this copy of its disk is whole, and what is said of it. Nobody unmounted it: what its journal has
     * is played back first, and nothing is to be repaired then.
     */
    static Tools.Outcome check(Path copy) {
        Tools.Outcome replayed = Tools.attempt(List.of("e2fsck", "-y", "-E", "journal_only", copy.toString()));
        return replayed.ok() ? Tools.attempt(List.of("e2fsck", "-fn", copy.toString())) : replayed;
    }

    /** Makes the file behind its disk: an empty file system. */
    public static void disk(Path image, long bytes) throws IOException {
        disk(image, bytes, List.of());
    }

    /** The same with more for mkfs.ext4 to mind. */
    static void disk(Path image, long bytes, List<String> options) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        List<String> words = new ArrayList<>(List.of("mkfs.ext4", "-q", "-F"));
        words.addAll(options);
        words.add(image.toString());
        Tools.run(MAKE_MAX, words);
    }
}
