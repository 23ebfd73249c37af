package dev.unwrite.spec.tlc;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs TLC in a JVM of its own: in one JVM a second specification gives wrong verdicts. Each run has a folder of its
 * own, for the specification, TLC's states and its java.io.tmpdir (a shared one breaks parallel runs). The folder and
 * the JVM are gone when the run ends, and when this JVM ends, however it ends.
 */
public final class TlcRun {
    /** The hash function of fingerprints: always the same, so that a run can be repeated exactly. */
    private static final String FINGERPRINT = "0";
    /** The system property with further options of TLC's JVM, with blanks between. */
    private static final String JVM_OPTIONS = "unwrite.tlc.jvm";
    /** How long the end of a JVM's output and its exit code may be apart. */
    private static final Duration EXIT_WAIT = Duration.ofSeconds(60);

    private static final Set<TlcRun> LIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> LIVE.forEach(TlcRun::end), "end-tlc"));
    }

    private final TlcJob job;
    private final Path folder;
    private final AtomicBoolean timedOut = new AtomicBoolean();
    private volatile @Nullable Process process;

    private TlcRun(TlcJob job, Path folder) {
        this.job = job;
        this.folder = folder;
    }

    /** As {@link #run(TlcJob, Consumer)}, without a look at the progress. */
    public static TlcResult run(TlcJob job) throws IOException, InterruptedException {
        return run(job, progress -> {});
    }

    /**
     * Runs TLC and waits for its end. Whatever goes wrong in TLC or its JVM is a {@link TlcVerdict#BROKEN}. May be called
     * by many threads at once; an interrupt ends the run.
     *
     * @param listener is told each progress, by a thread of the run
     * @throws LackingException if there is no TLC or no Java to run it
     * @throws IOException if the specification is not to be found or the folder cannot be written
     */
    public static TlcResult run(TlcJob job, Consumer<TlcProgress> listener) throws IOException, InterruptedException {
        return run(job, listener, started -> {});
    }

    /** As above; {@code started} gets TLC's process. */
    static TlcResult run(TlcJob job, Consumer<TlcProgress> listener, Consumer<Process> started)
            throws IOException, InterruptedException {
        TlcRun run = new TlcRun(
                job,
                Files.createTempDirectory(
                                "unwrite-tlc-" + ProcessHandle.current().pid() + "-")
                        .toRealPath());
        LIVE.add(run);
        try {
            return run.execute(listener, started);
        } finally {
            run.end();
            LIVE.remove(run);
        }
    }

    private TlcResult execute(Consumer<TlcProgress> listener, Consumer<Process> started)
            throws IOException, InterruptedException {
        job.files().copy(job.module(), folder);
        Files.writeString(folder.resolve("run.cfg"), job.config());
        Files.createDirectories(folder.resolve("tmp"));
        long start = System.nanoTime();
        Process child = start();
        process = child;
        started.accept(child);
        TlcOutput output = new TlcOutput(listener);
        Thread.ofVirtual().start(() -> watch(child));
        Thread reader = Thread.ofVirtual().start(() -> read(child, output));
        reader.join();
        boolean ended = child.waitFor(EXIT_WAIT.toSeconds(), TimeUnit.SECONDS);
        int exit = ended ? child.exitValue() : -1;
        String broken = timedOut.get()
                ? "TLC took longer than " + job.limit().toSeconds() + " s and was ended"
                : ended ? null : "TLC fell silent, but did not end";
        return output.result(exit, broken, job.simulation() != null, Duration.ofNanos(System.nanoTime() - start));
    }

    private Process start() throws IOException {
        List<String> command = command();
        try {
            return new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new LackingException("cannot start " + command.getFirst() + ": " + e.getMessage());
        }
    }

    private List<String> command() throws LackingException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The serial collector leaves the other cores to the other runs; TLC's warning about it is for many workers.
        command.add(job.workers() == 1 ? "-XX:+UseSerialGC" : "-XX:+UseParallelGC");
        for (String option : System.getProperty(JVM_OPTIONS, "").split(" ")) {
            if (!option.isEmpty()) {
                command.add(option); // For example a flight recording, to see where the time goes.
            }
        }
        command.addAll(List.of("-Xmx" + job.heap(), "-Xss16m", "-Djava.awt.headless=true"));
        command.add("-Djava.io.tmpdir=" + folder.resolve("tmp"));
        command.add("-D" + TlcChild.FOLDER + "=" + folder);
        job.properties().forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-cp", Classpath.text(), TlcChild.class.getName(), job.mainClass()));
        command.addAll(List.of("-tool", "-cleanup", "-fp", FINGERPRINT, "-workers", Integer.toString(job.workers())));
        command.addAll(List.of("-metadir", folder.resolve("states").toString(), "-config", "run.cfg"));
        if (!job.checkDeadlock()) {
            command.add("-deadlock"); // In TLC's tongue: do not check for deadlock.
        }
        TlcJob.Simulation simulation = job.simulation();
        if (simulation != null) {
            command.addAll(List.of("-simulate", "num=" + simulation.behaviours()));
            command.addAll(List.of("-depth", Integer.toString(simulation.depth())));
            command.addAll(List.of("-seed", Long.toString(simulation.seed())));
        }
        command.addAll(job.options());
        command.add(job.module() + ".tla");
        return command;
    }

    private void watch(Process child) {
        try {
            if (!child.waitFor(job.limit().toMillis(), TimeUnit.MILLISECONDS)) {
                timedOut.set(true);
                child.destroyForcibly();
            }
        } catch (InterruptedException e) {
            child.destroyForcibly();
        }
    }

    private static void read(Process child, TlcOutput output) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                output.line(line);
            }
        } catch (IOException e) {
            output.line("reading from TLC failed: " + e);
        }
    }

    private void end() {
        Process child = process;
        if (child != null && child.isAlive()) {
            child.destroyForcibly();
            try {
                child.waitFor(EXIT_WAIT.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        deleteFolder();
    }

    private void deleteFolder() {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            System.getLogger(TlcRun.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot remove " + folder + ": " + e);
        }
    }
}
