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
final class ProcessPlace extends Site {
    private static final long END_MAX_SECONDS = 10;

    private final @Nullable String namespace;
    private final List<Path> first;
    private @Nullable Process process;

    ProcessPlace(StageFolder folder, String name, String address, @Nullable String namespace, List<Path> first) {
        super(folder, name, address);
        this.namespace = namespace;
        this.first = first;
    }

    @Override
    public synchronized void start() {
        if (isRunning()) {
            throw new IllegalStateException(name() + " is running");
        }
        // A command ends with this process, however that ends. What is a class is swept.
        List<String> runsCommands = List.of(
                Child.class.getName(), Long.toString(ProcessHandle.current().pid()));
        List<String> words = new ArrayList<>(network().orElse(List.of()));
        words.addAll(
                command(Path.of(System.getProperty("java.home"), "bin", "java").toString(), classpath(), runsCommands));
        try {
            process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .start();
        } catch (IOException e) {
            throw new StageException("cannot start " + name() + ": " + e.getMessage(), e);
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
                throw new StageException(name() + " does not die: process " + running.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StageException("interrupted", e);
        }
    }

    @Override
    public void aim() {
        // The process is known.
    }

    @Override
    public synchronized void shoot() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
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
        // Not "ip netns exec": it gives the program mounts of its own, which hold other hosts' disks when they are
        // taken off.
        return own == null ? Optional.empty() : Optional.of(List.of("nsenter", "--net=/run/netns/" + own));
    }
}
