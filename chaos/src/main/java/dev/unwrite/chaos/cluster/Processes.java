package dev.unwrite.chaos.cluster;

import dev.unwrite.chaos.stage.Tools;
import dev.unwrite.cli.Main;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Starts processes, those of Java with this process's classes, each with a log of its own, and ends every one of them: on
 * {@link #close}, when this process exits, and (for commands and programs) when this process is killed. Thread-safe.
 */
public final class Processes implements Closeable {
    private static final long END_MAX_SECONDS = 10;

    private final Path logs;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private final Thread hook = Thread.ofPlatform().unstarted(this::killAll);
    private volatile boolean closed;

    /** {@code logs} is a folder; it is made where it is missing. */
    public Processes(Path logs) {
        this.logs = logs;
        try {
            Files.createDirectories(logs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** The log of a process. */
    public Path log(String name) {
        return logs.resolve(name + ".log");
    }

    /** The last line of a log, or nothing; what a process that ended says of it. */
    public String lastLine(String name) {
        return lastLine(log(name), line -> true);
    }

    /** The same of any log, of the lines that count. */
    public static String lastLine(Path log, Predicate<String> counts) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> !line.isBlank() && counts.test(line)).reduce("", (earlier, later) -> later);
        } catch (IOException | UncheckedIOException e) {
            return "";
        }
    }

    /** Starts {@code unwrite ARGS}. */
    public Process unwrite(String name, List<String> args) {
        return unwrite(name, List.of(), args);
    }

    /** The same with more flags for its JVM. */
    public Process unwrite(String name, List<String> flags, List<String> args) {
        List<String> words = new ArrayList<>();
        words.add(Long.toString(ProcessHandle.current().pid()));
        words.addAll(args);
        return java(name, flags, Child.class, words);
    }

    /** Starts a class with a main method; its output goes to the end of its log, its input is the caller's to close. */
    public Process java(String name, Class<?> main, List<String> args) {
        return java(name, List.of(), main, args);
    }

    private Process java(String name, List<String> flags, Class<?> main, List<String> args) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Short-lived: a quick start matters more than the last bit of speed.
        words.addAll(List.of(
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED"));
        words.addAll(flags);
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        words.addAll(args);
        return start(name, words);
    }

    /**
     * Starts {@code unwrite ARGS} as the launcher does, which is how it runs for a user: with its flags, and at its speed. Where
     * this process does not come from the launcher, the flags are those of this process. For the thread that lives longest: what
     * it starts dies with it.
     */
    public Process asLaunched(String name, List<String> args) {
        String launcher = System.getProperty("unwrite.launcher");
        List<String> words = new ArrayList<>();
        if (launcher != null) {
            words.addAll(List.of("/bin/sh", launcher));
        } else {
            words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
            words.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        }
        words.addAll(args);
        return program(name, words);
    }

    /** Starts any program. For the thread that lives longest: where {@code setpriv} is there, what it starts dies with it. */
    public Process program(String name, List<String> command) {
        List<String> words =
                new ArrayList<>(Tools.have("setpriv") ? List.of("setpriv", "--pdeathsig", "KILL") : List.<String>of());
        words.addAll(command);
        return start(name, words);
    }

    private Process start(String name, List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()));
        try {
            Process process = builder.start();
            running.add(process);
            process.onExit().thenAccept(running::remove);
            if (closed) {
                // It came too late to be seen by whoever ends them all.
                kill(process);
                throw new ClusterException("cannot start " + name + ": all is ending");
            }
            return process;
        } catch (IOException e) {
            throw new ClusterException("cannot start " + name + ": " + e.getMessage(), e);
        }
    }

    /** SIGKILL, and waits until the process is gone. */
    public static void kill(Process process) {
        process.destroyForcibly();
        awaitEnd(process);
    }

    /** SIGTERM, and SIGKILL for what is still there ten seconds later. */
    public static void end(Process process) {
        process.destroy();
        if (!awaitEnd(process)) {
            kill(process);
        }
    }

    private static boolean awaitEnd(Process process) {
        try {
            return process.waitFor(END_MAX_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void killAll() {
        closed = true;
        running.forEach(Process::destroyForcibly);
    }

    @Override
    public void close() {
        closed = true;
        List<Process> left = List.copyOf(running);
        left.forEach(Process::destroyForcibly);
        left.forEach(Processes::awaitEnd);
        TidyUp.unhook(hook);
    }
}
