package dev.unwrite.machine.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import dev.unwrite.files.PrivateFiles;
import dev.unwrite.machine.Machine;
import dev.unwrite.machine.MachineHost;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The machine {@code qemu}. It stands still until {@link #go}, which comes when the record says that this host runs it; it is
 * killed by {@link #close}, and with the node. Its disks are served on a socket of its own, which nobody else reaches.
 */
public final class QemuMachine implements Machine {
    private static final System.Logger LOG = System.getLogger(QemuMachine.class.getName());

    /** The address of a socket in it has 107 at most (unix(7)), and the socket has a name. */
    private static final int FOLDER_BYTES_MAX = 80;

    private static final Duration TRY_EVERY = Duration.ofSeconds(1);

    private final MachineHost host;
    private final Path file;
    private final Path folder;
    private final Deque<Closeable> parts = new ArrayDeque<>();
    private boolean closed;
    private @Nullable Qemu qemu;
    private volatile @Nullable GuestRun run;
    private @Nullable GuestMemory memory;
    private @Nullable GuestImage image;

    /** {@code file} has the arguments; {@code folder}, made where it is missing, gets sockets and the log. */
    public QemuMachine(MachineHost host, Path file, Path folder) {
        this.host = host;
        this.file = file;
        this.folder = folder;
    }

    /**
     * What the file makes here, in a few words: a guest goes on only where they are the same. Throws, with one line, where the
     * file cannot be used, or QEMU is not there.
     */
    public static String describe(Path file) throws IOException {
        GuestFile guest = GuestFile.read(file);
        return fit(Qemu.installedVersion(), guest).words();
    }

    private static SavedGuest.Fit fit(String qemu, GuestFile guest) {
        return new SavedGuest.Fit(qemu, guest.hash(), guest.ramBytes());
    }

    /** Boots the guest from its disks. */
    @Override
    public void coldStart() throws IOException {
        start(null);
    }

    /** Lets the guest go on where the state left it; it does not boot. */
    @Override
    public void resume(InputStream state) throws IOException {
        start(state);
    }

    private void start(@Nullable InputStream state) throws IOException {
        GuestFile guest = GuestFile.read(file);
        requireUsable(folder);
        PrivateFiles.createFolder(folder);
        List<String> arguments = new ArrayList<>(guest.arguments());
        for (String netdev : guest.netdevs()) {
            open(new HeldFrames(host, folder, netdev));
            arguments.addAll(HeldFrames.arguments(folder, netdev));
        }
        Path disks = folder.resolve("disks");
        open(host.serve(disks));
        for (String volume : host.volumes().keySet()) {
            arguments.addAll(disk(volume, disks));
        }
        GuestMemory ram = open(GuestMemory.create(guest.ramBytes()));
        arguments.addAll(List.of(
                "-object",
                "memory-backend-file,id=unwrite-ram,share=on,size=" + guest.ramBytes() + ",mem-path=" + ram.file(),
                "-machine",
                "memory-backend=unwrite-ram"));
        if (state != null) {
            arguments.addAll(List.of("-incoming", "defer"));
        }
        Qemu started = open(Qemu.start(
                arguments, folder, folder.resolve("log"), this::happened, host::isAsked, this::stands, host::gone));
        // QEMU has it mapped: however this process ends, nothing of it is left behind.
        ram.unlink();
        SavedGuest.Fit mine = fit(started.version(), guest);
        if (state != null) {
            started.take(SavedGuest.restore(state, mine, ram), folder);
            PageWitness.resumed(ram);
        }
        List<String> blockers = started.blockers();
        if (!blockers.isEmpty()) {
            throw new IOException("this guest cannot be mirrored: " + String.join("; ", blockers));
        }
        memory = ram;
        image = new GuestImage(ram, mine);
        qemu = started;
        run = open(new GuestRun(host, started, TRY_EVERY));
    }

    /** What is opened after all was closed is closed at once: the machine may be stopped while it starts. */
    private <T extends Closeable> T open(T part) throws IOException {
        synchronized (parts) {
            if (!closed) {
                parts.push(part);
                return part;
            }
        }
        part.close();
        throw new IOException("the machine was stopped while it started");
    }

    private static void requireUsable(Path folder) throws IOException {
        String path = folder.toString();
        if (path.contains(",") || path.getBytes(StandardCharsets.UTF_8).length > FOLDER_BYTES_MAX) {
            throw new IOException("--data: QEMU takes no folder with a comma in its name, and none of more than "
                    + FOLDER_BYTES_MAX + " bytes: " + path);
        }
    }

    /** A disk whose host does not answer stops the guest: it must not see an error that is not the disk's. */
    private static List<String> disk(String volume, Path socket) {
        String node = "unwrite-" + volume;
        return List.of(
                "-blockdev",
                "driver=nbd,node-name=" + node + ",server.type=unix,server.path=" + socket + ",export=" + volume
                        + ",reconnect-delay=0",
                "-device",
                "virtio-blk-pci,drive=" + node + ",write-cache=on,werror=stop,rerror=stop");
    }

    private void happened(String event, JsonNode data) {
        switch (event) {
            case "BLOCK_IO_ERROR" -> {
                // A disk of the user's own may leave its errors to the guest.
                if (data.path("action").asText().equals("stop")) {
                    stands("a disk of the guest fails, and it stands still until that is over: "
                            + data.path("reason").asText("no reason given"));
                }
            }
            case "GUEST_PANICKED", "SHUTDOWN", "MEMORY_FAILURE", "RESET" ->
                LOG.log(System.Logger.Level.INFO, "the guest: {0} {1}", event, data);
            default -> {}
        }
    }

    /** Before it has started, whoever waits for that is told. */
    private void stands(String why) {
        GuestRun standing = run;
        if (standing != null) {
            standing.stands(why);
        }
    }

    /** The host runs this machine from here on. */
    @Override
    public void go() {
        running().go();
    }

    @Override
    public long pause() throws IOException {
        long before = System.nanoTime();
        running().pause();
        return System.nanoTime() - before;
    }

    @Override
    public Saved save(long epoch, long base) throws IOException {
        byte[] devices = Objects.requireNonNull(qemu).devices();
        SavedGuest saved = Objects.requireNonNull(image).save(epoch, base, devices);
        PageWitness.cut(epoch, Objects.requireNonNull(memory));
        return saved;
    }

    @Override
    public void unpause() {
        running().go();
    }

    private GuestRun running() {
        return Objects.requireNonNull(run, "the guest has not started");
    }

    /** Kills the guest, and with it what it had not written. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        while (true) {
            Closeable part;
            synchronized (parts) {
                closed = true;
                part = parts.poll();
            }
            if (part == null) {
                break;
            }
            try {
                part.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
