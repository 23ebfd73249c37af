package dev.unwrite.chaos.stage;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An ext4 file system in a file, on a loop device: a disk that can lose its power, hang, fill up or turn read-only without
 * harm to the machine. Thread-safe.
 */
public final class LoopDisk implements Closeable {
    /** Ends the name of the file behind a disk, after the harness's process id; {@link Sweep} looks for it. */
    static final String SUFFIX = ".unwrite-disk";

    private static final Duration FREE_MAX = Duration.ofSeconds(5);
    private static final String FILLER = "filler";
    private static final long SLOW_PERIOD_MILLIS = 60;

    private final Path image;
    private final Path mount;
    private final AtomicBoolean frozen = new AtomicBoolean();
    private @Nullable String device;
    private @Nullable Thread slowness;

    private LoopDisk(Path image, Path mount) {
        this.image = image;
        this.mount = mount;
    }

    /** Makes the file system and mounts it. The file is sparse. */
    public static LoopDisk make(Path folder, String name, Path mount, long bytes) {
        try {
            Files.createDirectories(folder);
            Files.createDirectories(mount);
            Path image = folder.resolve(name + "." + ProcessHandle.current().pid() + SUFFIX);
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(bytes);
            }
            Tools.run(
                    "mkfs.ext4",
                    "-q",
                    "-F",
                    "-m",
                    "0",
                    "-E",
                    "lazy_itable_init=1,lazy_journal_init=1",
                    image.toString());
            LoopDisk disk = new LoopDisk(image, mount);
            disk.mount();
            return disk;
        } catch (IOException e) {
            throw new StageException("cannot make a disk in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Whether this machine can do it: root, and loop devices. */
    public static boolean possible() {
        return Tools.isRoot()
                && Tools.have("mkfs.ext4", "losetup", "mount", "umount", "fsfreeze", "xfs_io", "e2fsck")
                && Tools.attempt(List.of("losetup", "-f")).ok();
    }

    /** Mounts it, after the journal was replayed. */
    public synchronized void mount() {
        String attached = Tools.run("losetup", "-f", "--show", image.toString()).strip();
        device = attached;
        Tools.run("mount", "-o", "noatime,errors=remount-ro", attached, mount.toString());
    }

    /** Takes it off; nobody may be using it. */
    public synchronized void unmount() {
        stopSlowness();
        thaw();
        Tools.run("umount", mount.toString());
        String attached = device;
        if (attached != null) {
            Tools.attempt(List.of("losetup", "-d", attached));
            device = null;
        }
        // Somebody else's mount would keep the old file system alive beside the one that is mounted next.
        Await.untilTrue(
                "the disk " + image.getFileName() + " to be free",
                FREE_MAX,
                this::isFree,
                () -> "another mount namespace holds it");
    }

    private boolean isFree() {
        return Tools.run("losetup", "-j", image.toString()).isBlank();
    }

    /** Waits for the last user of a disk, who may still be ending; false if that takes too long. */
    static boolean awaitFree(String disk, BooleanSupplier free) {
        try {
            Await.untilTrue(disk + " to be free", FREE_MAX, free, () -> "somebody uses it");
            return true;
        } catch (ClusterException | StageException e) {
            return false;
        }
    }

    /** From now on nothing reaches the disk, and what has not been synced never will. Kill its user, then {@link #powerUp}. */
    public synchronized void powerDown() {
        Tools.run("xfs_io", "-x", "-c", "shutdown", mount.toString());
    }

    /** Back again, as after a power loss. */
    public synchronized void powerUp() {
        unmount();
        mount();
    }

    /** Takes all free space; returns how many bytes are still free. */
    public synchronized long fill() {
        long free = mount.toFile().getUsableSpace();
        Tools.attempt(List.of(
                "fallocate", "-l", Long.toString(free), mount.resolve(FILLER).toString()));
        byte[] piece = new byte[4096];
        try (RandomAccessFile file = new RandomAccessFile(mount.resolve(FILLER).toFile(), "rw")) {
            file.seek(file.length());
            while (true) {
                file.write(piece);
            }
        } catch (IOException full) {
            // That is what it is for.
        }
        return mount.toFile().getUsableSpace();
    }

    /** Gives the space back, for good: a power loss that follows must not bring the filler back. */
    public synchronized void empty() {
        try {
            Files.deleteIfExists(mount.resolve(FILLER));
            Tools.run("sync", "-f", mount.toString());
        } catch (IOException e) {
            throw new StageException("cannot empty " + mount + ": " + e.getMessage(), e);
        }
    }

    /** Everything that writes waits until {@link #thaw}. */
    public synchronized void freeze() {
        if (frozen.compareAndSet(false, true)) {
            Tools.run("fsfreeze", "-f", mount.toString());
        }
    }

    /** Ends {@link #freeze}; fine where it is not frozen. */
    public void thaw() {
        if (frozen.compareAndSet(true, false)) {
            Tools.attempt(List.of("fsfreeze", "-u", mount.toString()));
        }
    }

    /** The disk stands still most of the time, in short pieces, until {@link #stopSlowness}. */
    public synchronized void slow() {
        slowness = Thread.ofPlatform()
                .daemon()
                .name("slow-" + mount.getFileName())
                .start(() -> {
                    try {
                        while (true) {
                            freeze();
                            Thread.sleep(SLOW_PERIOD_MILLIS);
                            thaw();
                            Thread.sleep(SLOW_PERIOD_MILLIS / 4);
                        }
                    } catch (InterruptedException | StageException e) {
                        thaw();
                    }
                });
    }

    /** Ends {@link #slow}. */
    public void stopSlowness() {
        Thread running;
        synchronized (this) {
            running = slowness;
            slowness = null;
        }
        if (running != null) {
            running.interrupt();
            try {
                running.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        thaw();
    }

    /** The file system finds an error and turns read-only, as it does on a failing disk; {@link #repair} undoes it. */
    public synchronized void readOnly() {
        String attached = device;
        if (attached == null) {
            throw new StageException(mount + " is not mounted");
        }
        Path trigger = Path.of("/sys/fs/ext4", Path.of(attached).getFileName().toString(), "trigger_fs_error");
        try {
            Files.writeString(trigger, "chaos\n");
        } catch (IOException e) {
            throw new StageException("cannot make " + mount + " read-only: " + e.getMessage(), e);
        }
    }

    /** Checks the file system and mounts it again; nobody may be using it. */
    public synchronized void repair() {
        unmount();
        Tools.attempt(List.of("e2fsck", "-f", "-y", image.toString()));
        mount();
    }

    /** Whether something can be written now; tries it for a short time. */
    public boolean isWritable() {
        return Tools.attempt(List.of(
                        "timeout",
                        "-s",
                        "KILL",
                        "1",
                        "dd",
                        "if=/dev/zero",
                        "of=" + mount.resolve("probe"),
                        "bs=4096",
                        "count=1",
                        "conv=fsync",
                        "status=none"))
                .ok();
    }

    @Override
    public void close() {
        stopSlowness();
        Tools.attempt(List.of("umount", "-l", mount.toString()));
        String attached = device;
        if (attached != null) {
            Tools.attempt(List.of("losetup", "-d", attached));
            awaitFree(attached, this::isFree);
        }
        try {
            Files.deleteIfExists(image);
        } catch (IOException e) {
            // The folder of the run holds it; the next run there empties it.
        }
    }
}
