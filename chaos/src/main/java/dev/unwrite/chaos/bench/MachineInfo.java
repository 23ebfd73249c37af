package dev.unwrite.chaos.bench;

import dev.unwrite.chaos.stage.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where it was measured.
 *
 * @param load of the last minute, before anything was started
 * @param disk the kind of file system on which the disks lie
 */
record MachineInfo(
        int cores,
        String processor,
        long memoryBytes,
        String kernel,
        String jdk,
        String fio,
        String qemu,
        String disk,
        double load,
        String commit) {
    private static final long KIB = 1024;

    static MachineInfo look(Path dir) throws IOException {
        return new MachineInfo(
                Runtime.getRuntime().availableProcessors(),
                value(Path.of("/proc/cpuinfo"), "model name"),
                memory(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
                version("fio"),
                version("qemu-nbd"),
                Files.getFileStore(dir).type(),
                loadNow(),
                commitNow());
    }

    /** One line. */
    String words() {
        return cores + " cores (" + processor + "), " + Math.round(memoryBytes / (double) (1 << 30)) + " GiB, " + kernel
                + ", " + disk + ", JDK " + jdk + ", " + fio + ", " + qemu + ", commit " + commit + ", load " + load;
    }

    private static long memory() {
        String words = value(Path.of("/proc/meminfo"), "MemTotal");
        return words.isEmpty() ? 0 : Long.parseLong(words.split(" ", 2)[0]) * KIB;
    }

    private static double loadNow() {
        try {
            return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0]);
        } catch (IOException e) {
            return -1;
        }
    }

    /** Of the first line {@code name : value}. */
    private static String value(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    private static String version(String program) {
        return Tools.attempt(List.of(program, "--version"))
                .output()
                .lines()
                .findFirst()
                .orElse("unknown");
    }

    private static String commitNow() {
        String home = System.getProperty("unwrite.home");
        if (home == null || !Files.exists(Path.of(home, ".git")) || !Tools.have("git")) {
            return "unknown";
        }
        Tools.Outcome outcome =
                Tools.attempt(List.of("git", "-C", home, "describe", "--always", "--dirty", "--abbrev=12"));
        return outcome.ok() ? outcome.output().strip() : "unknown";
    }
}
