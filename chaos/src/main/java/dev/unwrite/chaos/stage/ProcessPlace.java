package dev.unwrite.chaos.stage;

import dev.unwrite.chaos.cluster.Child;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A computer that is a plain process, in a network namespace or not. */
final class ProcessPlace implements Place {
    private static final long END_MAX_SECONDS = 10;

    private final String name;
    private final String address;
    private final Path dir;
    private final @Nullable String namespace;
    private final @Nullable LoopDisk disk;
    private final Path script;
    private final List<Path> first;
    private List<String> program = List.of();
    private @Nullable Process process;

    ProcessPlace(
            String name,
            String address,
            Path dir,
            @Nullable String namespace,
            @Nullable LoopDisk disk,
            Path script,
            List<Path> first) {
        this.first = first;
        this.name = name;
        this.address = address;
        this.dir = dir;
        this.namespace = namespace;
        this.disk = disk;
        this.script = script;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public synchronized void program(List<String> words) {
        program = List.copyOf(words);
    }

    @Override
    public synchronized void start() {
        if (isRunning()) {
            throw new IllegalStateException(name + " is running");
        }
        List<String> java = new ArrayList<>();
        if (!program.getFirst().contains(".")) {
            // A command, not a class: it ends with this process, however that ends. The others are swept.
            java.addAll(List.of(
                    Child.class.getName(), Long.toString(ProcessHandle.current().pid())));
        }
        java.addAll(program);
        List<String> words = new ArrayList<>(network().orElse(List.of()));
        words.addAll(Launch.words(
                script,
                log(),
                clock(),
                Launch.java(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), classpath(), java)));
        try {
            process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .start();
        } catch (IOException e) {
            throw new StageException("cannot start " + name + ": " + e.getMessage(), e);
        }
    }

    private String classpath() {
        List<String> entries =
                new ArrayList<>(first.stream().map(Path::toString).toList());
        entries.add(System.getProperty("java.class.path"));
        return String.join(File.pathSeparator, entries);
    }

    @Override
    public synchronized boolean isRunning() {
        Process running = process;
        return running != null && running.isAlive();
    }

    @Override
    public void kill() {
        Process running;
        synchronized (this) {
            running = process;
        }
        if (running == null || !running.isAlive()) {
            return;
        }
        // What waits for a disk that answers nothing cannot die.
        disk().ifPresent(LoopDisk::thaw);
        running.destroyForcibly();
        try {
            if (!running.waitFor(END_MAX_SECONDS, TimeUnit.SECONDS)) {
                throw new StageException(name + " does not die: process " + running.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StageException("interrupted", e);
        }
    }

    @Override
    public synchronized void signal(String signal) {
        Process running = process;
        if (running != null && running.isAlive()) {
            // The script has become the JVM, so that this is its process.
            Tools.attempt(List.of("kill", "-" + signal, Long.toString(running.pid())));
        }
    }

    @Override
    public void freeze() {
        throw new StageException("a plain process cannot be frozen");
    }

    @Override
    public void thaw() {
        // Nothing was frozen.
    }

    @Override
    public Optional<List<String>> network() {
        String own = namespace;
        return own == null ? Optional.empty() : Optional.of(List.of("ip", "netns", "exec", own));
    }

    @Override
    public Path data() {
        return dir.resolve("data").resolve(name);
    }

    @Override
    public Optional<LoopDisk> disk() {
        return Optional.ofNullable(disk);
    }

    @Override
    public Path log() {
        return dir.resolve("log").resolve(name + ".log");
    }

    @Override
    public Path clock() {
        return dir.resolve("clock").resolve(name);
    }
}
