package dev.unwrite.chaos.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.cluster.ProcessCluster.NodeOptions;
import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceValidation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes whose folders are lost and replaced: the specification allows what they do (rule OneLife). */
@Timeout(180)
class LivesIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path dir = Path.of("unset");

    @Test
    void tracesOfHostsWhoseFolderWasReplacedAreAccepted() throws Exception {
        Path traces;
        try (Processes processes = new Processes(dir.resolve("log"));
                ProcessCluster cluster = new ProcessCluster(
                        dir, processes, new NodeOptions(Duration.ofMillis(200), Duration.ofSeconds(2)))) {
            traces = cluster.traces();
            cluster.startStorage();
            cluster.startNode(HostId.A, true);
            cluster.startNode(HostId.B, false);
            await(cluster, HostId.A, "protected", s -> isPrimary(s) && s.mode().equals("protected"));
            loseFolder(cluster, HostId.B);
            await(cluster, HostId.A, "alone", s -> s.mode().equals("solo"));
            cluster.startNode(HostId.B, false);
            await(
                    cluster,
                    HostId.A,
                    "protected by the empty host",
                    s -> s.mode().equals("protected"));
            loseFolder(cluster, HostId.A);
            await(cluster, HostId.B, "primary", LivesIT::isPrimary);
            cluster.startNode(HostId.A, false);
            await(
                    cluster,
                    HostId.B,
                    "protected by the other empty host",
                    s -> s.mode().equals("protected"));
        }
        TraceJudgment verdict = TraceValidation.validate(List.of(traces));
        assertThat(verdict).isInstanceOfSatisfying(TraceJudgment.Accepted.class, accepted -> {
            assertThat(accepted.actions()).containsEntry("TakeOver", 1).containsEntry("StartJoin", 3);
            assertThat(accepted.hidden()).containsEntry("a host that came back with another folder", 2);
        });
    }

    private static boolean isPrimary(SeenStatus status) {
        return status.role().equals("primary");
    }

    private void loseFolder(ProcessCluster cluster, HostId host) throws IOException {
        cluster.kill(host);
        try (Stream<Path> files = Files.walk(dir.resolve("data/" + host))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void await(ProcessCluster cluster, HostId host, String what, Predicate<SeenStatus> wanted) {
        Await.until(
                host + " to be " + what,
                SOON,
                () -> Optional.of(cluster.status(host)).filter(wanted),
                cluster::whereToLook);
    }
}
