package dev.unwrite.chaos.stage;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.startupcheck.IsRunningStartupCheckStrategy;
import org.testcontainers.utility.DockerImageName;

/** A computer that is a container: made by Testcontainers, then killed and started again through the engine's interface. */
final class ContainerPlace implements Place {
    static final String LABEL = "dev.unwrite.harness";

    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final long MEMORY_BYTES = 512L << 20;
    private static final long END_MAX_MILLIS = 10_000;

    private final String name;
    private final String address;
    private final Path dir;
    private final Image image;
    private final Network network;
    private final @Nullable LoopDisk disk;
    private final Path script;
    private final DockerClient docker;
    private List<String> program = List.of();
    private @Nullable GenericContainer<?> container;

    ContainerPlace(
            String name,
            String address,
            Path dir,
            Image image,
            Network network,
            @Nullable LoopDisk disk,
            Path script,
            DockerClient docker) {
        this.name = name;
        this.address = address;
        this.dir = dir;
        this.image = image;
        this.network = network;
        this.disk = disk;
        this.script = script;
        this.docker = docker;
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
        GenericContainer<?> known = container;
        if (known == null) {
            container = create();
            return;
        }
        call(
                "start " + name,
                () -> docker.startContainerCmd(known.getContainerId()).exec());
    }

    private GenericContainer<?> create() {
        List<String> words =
                Launch.words(script, log(), clock(), Launch.java(Image.JAVA, image.classpath(), programWords()));
        GenericContainer<?> made = new GenericContainer<>(DockerImageName.parse(image.name()))
                .withNetwork(network)
                .withLabel(LABEL, Long.toString(ProcessHandle.current().pid()))
                .withStartupCheckStrategy(new IsRunningStartupCheckStrategy().withTimeout(START_MAX))
                .withCreateContainerCmdModifier(create -> create.withEntrypoint(words)
                        .withCmd(List.of())
                        .withIpv4Address(address)
                        .withHostConfig(config(create.getHostConfig())));
        try {
            made.start();
        } catch (RuntimeException e) {
            throw new StageException("the engine did not start " + name + ": " + e.getMessage(), e);
        }
        return made;
    }

    private List<String> programWords() {
        // In a container nobody has to watch for the harness: the next one sweeps.
        List<String> words = new ArrayList<>(List.of("dev.unwrite.cli.Main"));
        words.addAll(program);
        return program.isEmpty() || !program.getFirst().contains(".") ? words : program;
    }

    private HostConfig config(@Nullable HostConfig given) {
        HostConfig config = given == null ? HostConfig.newHostConfig() : given;
        List<Bind> binds = new ArrayList<>();
        // Each computer sees its own disk only: what another one still holds could not be taken off.
        for (String folder : List.of("log", "clock", "trace", "witness")) {
            binds.add(bind(dir.resolve(folder)));
        }
        binds.add(bind(data()));
        binds.add(bind(script));
        return config.withBinds(binds)
                .withMemory(MEMORY_BYTES)
                .withNetworkMode(network.getId())
                .withInit(false);
    }

    private static Bind bind(Path path) {
        return new Bind(path.toString(), new Volume(path.toString()));
    }

    private InspectContainerResponse.@Nullable ContainerState state() {
        GenericContainer<?> known = container;
        if (known == null) {
            return null;
        }
        try {
            return docker.inspectContainerCmd(known.getContainerId()).exec().getState();
        } catch (DockerException e) {
            return null;
        }
    }

    @Override
    public synchronized boolean isRunning() {
        InspectContainerResponse.ContainerState state = state();
        return state != null && Boolean.TRUE.equals(state.getRunning());
    }

    @Override
    public void kill() {
        GenericContainer<?> known;
        synchronized (this) {
            known = container;
        }
        if (known == null || !isRunning()) {
            return;
        }
        thaw();
        call(
                "kill " + name,
                () -> docker.killContainerCmd(known.getContainerId())
                        .withSignal("KILL")
                        .exec());
        long deadline = System.nanoTime() + END_MAX_MILLIS * 1_000_000;
        while (isRunning()) {
            if (System.nanoTime() > deadline) {
                throw new StageException("the container of " + name + " does not die");
            }
            pause();
        }
    }

    @Override
    public void signal(String signal) {
        GenericContainer<?> known = container;
        if (known != null) {
            call(
                    "signal " + name,
                    () -> docker.killContainerCmd(known.getContainerId())
                            .withSignal(signal)
                            .exec());
        }
    }

    @Override
    public void freeze() {
        GenericContainer<?> known = container;
        if (known != null) {
            call(
                    "pause " + name,
                    () -> docker.pauseContainerCmd(known.getContainerId()).exec());
        }
    }

    @Override
    public void thaw() {
        GenericContainer<?> known = container;
        InspectContainerResponse.ContainerState state = state();
        if (known != null && state != null && Boolean.TRUE.equals(state.getPaused())) {
            call(
                    "unpause " + name,
                    () -> docker.unpauseContainerCmd(known.getContainerId()).exec());
        }
    }

    @Override
    public Optional<List<String>> network() {
        InspectContainerResponse.ContainerState state = state();
        Long pid = state == null ? null : state.getPidLong();
        return pid == null || pid == 0
                ? Optional.empty()
                : Optional.of(List.of("nsenter", "--net=/proc/" + pid + "/ns/net"));
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

    /** Removes the container. */
    void close() {
        GenericContainer<?> known = container;
        if (known != null) {
            try {
                thaw();
                known.stop();
            } catch (RuntimeException e) {
                Tools.attempt(List.of("docker", "rm", "-f", known.getContainerId()));
            }
        }
    }

    private static void call(String what, Runnable command) {
        try {
            command.run();
        } catch (ConflictException e) {
            // It ended, or was thawed, between the question and the order: there is nothing to do any more.
        } catch (RuntimeException e) {
            throw new StageException(
                    "the engine did not " + what + ": "
                            + String.valueOf(e.getMessage()).strip(),
                    e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StageException("interrupted", e);
        }
    }
}
