package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.chaos.volume.FioLoad;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What a machine must have to be measured. */
final class Needs {
    /** Unix sockets have addresses of 107 bytes at most; the longest name here has 18. */
    private static final int FOLDER_CHARS_MAX = 88;

    private static final String FOLDER_CHARS = "[A-Za-z0-9/._+~@-]+";
    /** Seven of them, three undo logs, each of which takes half a disk, and what takeovers need. */
    private static final long IMAGES = 11;

    private Needs() {}

    /** Without these nothing can be measured. */
    static void programs() {
        String lacking = FioLoad.lacking();
        if (!lacking.isEmpty()) {
            throw new ExitException(Exit.LACKING, lacking);
        }
        if (!Tools.have("qemu-nbd")) {
            throw new ExitException(Exit.LACKING, "qemu-nbd is not installed (apt-get install qemu-utils)");
        }
    }

    /** Why copy-before-write cannot be measured; empty where it can. */
    static Optional<String> lackingForCopyBeforeWrite() {
        return Tools.have("qemu-storage-daemon")
                ? Optional.empty()
                : Optional.of("QEMU copy-before-write: qemu-storage-daemon is not installed"
                        + " (apt-get install qemu-system-common)");
    }

    /** Whether disks can lie there. */
    static void folder(Path dir, BenchPlan plan) throws IOException {
        if (!dir.toString().matches(FOLDER_CHARS) || dir.toString().length() > FOLDER_CHARS_MAX) {
            throw new ExitException(
                    Exit.USAGE,
                    dir + " cannot be part of a socket's address: too long, or with other than letters, digits and"
                            + " /._+~@-; give another folder with --dir");
        }
        if (isMemory(dir)) {
            throw new ExitException(
                    Exit.USAGE, dir + " lies in memory, which says nothing of disks; give one on a disk with --dir");
        }
        long bytes = IMAGES * plan.diskBytes();
        if (Files.getFileStore(dir).getUsableSpace() < bytes) {
            throw new ExitException(
                    Exit.LACKING,
                    String.format(
                            Locale.ROOT,
                            "less than %.1f GiB are free at %s; give another folder with --dir",
                            bytes / (double) (1 << 30),
                            dir));
        }
    }

    /** Whether it is a file system without a disk. */
    static boolean isMemory(Path dir) throws IOException {
        String type = Files.getFileStore(dir).type();
        return type.equals("tmpfs") || type.equals("ramfs");
    }
}
