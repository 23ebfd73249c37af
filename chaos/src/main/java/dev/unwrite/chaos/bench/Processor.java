package dev.unwrite.chaos.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much of the processors whoever does not belong to this run takes: what they take, nothing that is measured can have. */
final class Processor {
    /** Of the first line of {@code /proc/stat}: idle and waiting for a disk; what guests take is in the others, too. */
    private static final int IDLE = 3;

    private static final int WAITING = 4;
    private static final int GUEST = 8;
    /** Of {@code /proc/PID/stat} after the name: user and system time, its own and that of children that have ended. */
    private static final int USER = 11;

    private static final int CHILDREN_SYSTEM = 14;
    /** The kernel tells times in hundredths of a second, on all that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    private final long ticksBefore;
    private final long nanosBefore;

    private Processor() throws IOException {
        this.ticksBefore = othersTicks();
        this.nanosBefore = System.nanoTime();
    }

    /** From now on. */
    static Processor watch() throws IOException {
        return new Processor();
    }

    /** Until now, in cores; the kernel's own work for the disks is among it. */
    double othersCores() throws IOException {
        double seconds = (System.nanoTime() - nanosBefore) / 1e9;
        return Math.max(0, (othersTicks() - ticksBefore) / TICKS_PER_SECOND / seconds);
    }

    private static long othersTicks() throws IOException {
        ProcessHandle self = ProcessHandle.current();
        long own = ownTicks(self.pid());
        for (ProcessHandle child : self.descendants().toList()) {
            own += ownTicks(child.pid());
        }
        return busyTicks(Files.readAllLines(Path.of("/proc/stat")).getFirst()) - own;
    }

    /** What a process has taken so far, in seconds; 0 if it has ended. */
    static double seconds(long pid) {
        return ownTicks(pid) / TICKS_PER_SECOND;
    }

    /** The memory that a process has, in bytes; 0 if it has ended. */
    static long residentBytes(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static long ownTicks(long pid) {
        try {
            return processTicks(Files.readString(Path.of("/proc", Long.toString(pid), "stat")));
        } catch (IOException e) {
            // It has just ended, and its parent has its time now.
            return 0;
        }
    }

    /** Of the line {@code cpu ...}. */
    static long busyTicks(String line) {
        List<String> words = List.of(line.strip().split("\\s+"));
        long ticks = 0;
        for (int i = 0; i < Math.min(GUEST, words.size() - 1); i++) {
            ticks += i == IDLE || i == WAITING ? 0 : Long.parseLong(words.get(i + 1));
        }
        return ticks;
    }

    /** Of a line of {@code /proc/PID/stat}; the name in it may have spaces and parentheses. */
    static long processTicks(String line) {
        List<String> words =
                List.of(line.substring(line.lastIndexOf(')') + 1).strip().split("\\s+"));
        long ticks = 0;
        for (int i = USER; i <= CHILDREN_SYSTEM; i++) {
            ticks += Long.parseLong(words.get(i));
        }
        return ticks;
    }
}
