package dev.unwrite.chaos.stage;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Network.Ipam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;

/** Containers on a network from which nothing gets out. The engine runs on this machine: disks are mounted here. */
public final class DockerStage implements Stage {
    private static final int ATTEMPTS = 5;

    private final StageFolder folder;
    private final Image image;
    private final Network network;
    private final String subnet;
    private final DockerClient docker;
    private final Map<String, ContainerPlace> places = new LinkedHashMap<>();

    private DockerStage(StageFolder folder, Image image, Network network, String subnet) {
        this.folder = folder;
        this.image = image;
        this.network = network;
        this.subnet = subnet;
        this.docker = DockerClientFactory.instance().client();
    }

    /** Whether an engine answers. */
    public static boolean possible() {
        return Tools.have("docker", "nsenter", "busybox")
                && Tools.attempt(List.of("docker", "version")).ok();
    }

    /**
     * Makes image and network. {@code first} are folders of classes that go before all others in the image; {@code programs}
     * of this machine are taken along.
     */
    public static DockerStage open(Path dir, long diskBytes, List<Path> first, List<String> programs) {
        StageFolder folder = StageFolder.make(dir, diskBytes);
        Image image = Image.make(first, programs);
        RuntimeException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String subnet = "10.214." + ThreadLocalRandom.current().nextInt(1, 255);
            Network network = network(subnet);
            try {
                network.getId();
                return new DockerStage(folder, image, network, subnet);
            } catch (RuntimeException e) {
                // Another network may have this subnet.
                last = e;
            }
        }
        throw new StageException(
                "the engine makes no network: " + (last == null ? "" : last.getMessage()),
                last == null ? new IOException() : last);
    }

    private static Network network(String subnet) {
        return Network.builder()
                .createNetworkCmdModifier(create -> create.withInternal(true)
                        .withLabels(labels(create.getLabels()))
                        .withIpam(new Ipam()
                                .withConfig(new Ipam.Config()
                                        .withSubnet(subnet + ".0/24")
                                        .withGateway(subnet + ".1"))))
                .build();
    }

    private static Map<String, String> labels(@Nullable Map<String, String> given) {
        Map<String, String> labels = new LinkedHashMap<>(given == null ? Map.of() : given);
        labels.put(ContainerPlace.LABEL, Long.toString(ProcessHandle.current().pid()));
        return labels;
    }

    /** Removes containers and networks of harnesses that no longer live; returns what was removed. */
    public static List<String> sweep() {
        List<String> swept = new ArrayList<>();
        DockerClient docker = DockerClientFactory.instance().client();
        for (Container left : docker.listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(List.of(ContainerPlace.LABEL))
                .exec()) {
            if (isDead(left.getLabels().get(ContainerPlace.LABEL))) {
                docker.removeContainerCmd(left.getId()).withForce(true).exec();
                swept.add("the container " + left.getId().substring(0, 12) + " of a run that is over");
            }
        }
        docker.listNetworksCmd().exec().forEach(left -> {
            Map<String, String> labels = left.getLabels();
            if (labels != null && isDead(labels.get(ContainerPlace.LABEL))) {
                docker.removeNetworkCmd(left.getId()).exec();
                swept.add("the network " + left.getName() + " of a run that is over");
            }
        });
        return swept;
    }

    private static boolean isDead(@Nullable String pid) {
        if (pid == null || !pid.matches("\\d{1,10}")) {
            return false;
        }
        return ProcessHandle.of(Long.parseLong(pid))
                .filter(ProcessHandle::isAlive)
                .isEmpty();
    }

    @Override
    public String kind() {
        return "containers";
    }

    @Override
    public Set<Ability> abilities() {
        Set<Ability> abilities = EnumSet.of(Ability.FREEZER);
        if (Tools.isRoot() && Tools.have("iptables", "tc")) {
            abilities.add(Ability.NETWORK);
        }
        if (folder.hasDisks()) {
            abilities.add(Ability.DISK);
        }
        return abilities;
    }

    @Override
    public synchronized Place place(String name) {
        return places.computeIfAbsent(name, this::make);
    }

    private ContainerPlace make(String name) {
        return new ContainerPlace(folder, name, subnet + "." + (2 + places.size()), image, network, docker);
    }

    @Override
    public String harness() {
        return subnet + ".1";
    }

    @Override
    public Path dir() {
        return folder.dir();
    }

    @Override
    public synchronized void close() {
        places.values().forEach(place -> place.disk().ifPresent(LoopDisk::thaw));
        places.values().forEach(ContainerPlace::close);
        places.values().forEach(place -> place.disk().ifPresent(LoopDisk::close));
        try {
            network.close();
        } catch (RuntimeException e) {
            Tools.attempt(List.of("docker", "network", "rm", network.getId()));
        }
    }
}
