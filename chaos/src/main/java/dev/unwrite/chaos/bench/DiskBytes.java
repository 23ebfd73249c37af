package dev.unwrite.chaos.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What is written to the disk on which a folder lies. The disk itself counts what reaches it, whoever wrote it. A process is charged what it
 * makes dirty in the page cache, in whole folios: where files are cached in large ones, one byte may be charged as 2 MiB.
 */
final class DiskBytes {
    /** Of a line of {@code /proc/diskstats}: the numbers of the device, and how many sectors were written. */
    private static final int MAJOR = 0;

    private static final int MINOR = 1;
    private static final int SECTORS_WRITTEN = 9;
    private static final long SECTOR_BYTES = 512;

    private final long device;

    private DiskBytes(long device) {
        this.device = device;
    }

    /** Of the folder's disk. */
    static DiskBytes under(Path dir) throws IOException {
        return new DiskBytes(((Number) Files.getAttribute(dir, "unix:dev")).longValue());
    }

    /** Since the system started; nothing where the folder lies on no disk of its own, as in some containers. */
    OptionalLong written() throws IOException {
        return written(Files.readAllLines(Path.of("/proc/diskstats")), device);
    }

    static OptionalLong written(List<String> diskstats, long device) {
        return diskstats.stream()
                .map(line -> line.strip().split("\\s+"))
                .filter(words ->
                        Long.parseLong(words[MAJOR]) == major(device) && Long.parseLong(words[MINOR]) == minor(device))
                .mapToLong(words -> Long.parseLong(words[SECTORS_WRITTEN]) * SECTOR_BYTES)
                .findFirst();
    }

    /** As the kernel packs them for programs. */
    private static long major(long device) {
        return ((device >> 8) & 0xfff) | ((device >> 32) & 0xfffff000L);
    }

    private static long minor(long device) {
        return (device & 0xff) | ((device >> 12) & 0xffffff00L);
    }

    /** What a process has been charged so far; nothing if it has ended, or if the kernel does not tell. */
    static OptionalLong charged(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "io")).stream()
                    .filter(line -> line.startsWith("write_bytes:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
