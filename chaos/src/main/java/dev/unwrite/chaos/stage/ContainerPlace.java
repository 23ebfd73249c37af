package dev.unwrite.chaos.stage;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import dev.unwrite.chaos.cluster.Await;
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
final class ContainerPlace extends Site {
    static final String LABEL = "dev.unwrite.harness";

    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final long MEMORY_BYTES = 512L << 20;
    private static final Duration END_MAX = Duration.ofSeconds(10);

    private final Image image;
    private final Network network;
    private final DockerClient docker;
    private @Nullable GenericContainer<?> container;
    private @Nullable ProcessHandle process;
    /** Stopped by a signal, since the engine could not freeze it. */
    private volatile boolean stopped;

    ContainerPlace(StageFolder folder, String name, String address, Image image, Network network, DockerClient docker) {
        super(folder, name, address);
        this.image = image;
        this.network = network;
        this.docker = docker;
    }

    @Override
    public synchronized void start() {
        GenericContainer<?> known = container;
        if (known == null) {
            container = create();
            return;
        }
        call(
                "start " + name(),
                () -> docker.startContainerCmd(known.getContainerId()).exec());
    }

    private GenericContainer<?> create() {
        // In a container nobody has to watch for the harness: the next one sweeps.
        List<String> words = command(Image.JAVA, image.classpath(), List.of("dev.unwrite.cli.Main"));
        GenericContainer<?> made = new GenericContainer<>(DockerImageName.parse(image.name()))
                .withNetwork(network)
                .withLabel(LABEL, Long.toString(ProcessHandle.current().pid()))
                .withStartupCheckStrategy(new IsRunningStartupCheckStrategy().withTimeout(START_MAX))
                .withCreateContainerCmdModifier(create -> create.withEntrypoint(words)
                        .withCmd(List.of())
                        .withIpv4Address(address())
                        .withHostConfig(config(create.getHostConfig())));
        try {
            made.start();
        } catch (RuntimeException e) {
            throw new StageException("the engine did not start " + name() + ": " + e.getMessage(), e);
        }
        return made;
    }

    private HostConfig config(@Nullable HostConfig given) {
        HostConfig config = given == null ? HostConfig.newHostConfig() : given;
        List<Bind> binds = new ArrayList<>();
        // Each computer sees its own disk only: what another one still holds could not be taken off.
        for (String folder : List.of("log", "clock", "errors", "trace", "witness")) {
            binds.add(bind(folder().dir().resolve(folder)));
        }
        binds.add(bind(data()));
        binds.add(bind(folder().script()));
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
        // What waits for a disk that answers nothing cannot die.
        disk().ifPresent(LoopDisk::thaw);
        call(
                "kill " + name(),
                () -> docker.killContainerCmd(known.getContainerId())
                        .withSignal("KILL")
                        .exec());
        Await.untilTrue("the container of " + name() + " to die", END_MAX, () -> !isRunning(), () -> "see docker ps");
    }

    /** Not through the engine, which takes its time. */
    @Override
    public void shoot() {
        ProcessHandle running;
        synchronized (this) {
            running = process;
        }
        if (running != null) {
            running.destroyForcibly();
        }
    }

    @Override
    public void aim() {
        InspectContainerResponse.ContainerState state = state();
        Long pid = state == null ? null : state.getPidLong();
        synchronized (this) {
            process = pid == null || pid == 0 ? null : ProcessHandle.of(pid).orElse(null);
        }
    }

    @Override
    public void signal(String signal) {
        GenericContainer<?> known = container;
        if (known != null) {
            call(
                    "signal " + name(),
                    () -> docker.killContainerCmd(known.getContainerId())
                            .withSignal(signal)
                            .exec());
        }
    }

    @Override
    public void freeze() {
        GenericContainer<?> known = container;
        if (known != null) {
            call("pause " + name(), () -> {
                try {
                    docker.pauseContainerCmd(known.getContainerId()).exec();
                } catch (InternalServerErrorException e) {
                    // What waits for a disk cannot be frozen. It stops all the same, once it does not wait any more.
                    stopped = true;
                    docker.killContainerCmd(known.getContainerId())
                            .withSignal("STOP")
                            .exec();
                }
            });
        }
    }

    @Override
    public void thaw() {
        if (stopped) {
            stopped = false;
            signal("CONT");
        }
        GenericContainer<?> known = container;
        InspectContainerResponse.ContainerState state = state();
        if (known != null && state != null && Boolean.TRUE.equals(state.getPaused())) {
            call(
                    "unpause " + name(),
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
}
