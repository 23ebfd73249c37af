package dev.unwrite.conformance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceValidation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint that has arrived whole and could not be switched in arrives once more: to the specification, it came once. */
class RefusedCheckpointIT {
    private static final int B = 1;

    @TempDir
    Path folder;

    @Test
    void aCheckpointThatADiskRefusedIsReceivedOnce() throws Exception {
        Cluster cluster = Cluster.of(Move.parse("config:31"), Tracing.into(folder, 0), Slip.NONE);
        make(cluster, "run:8,load:A:3:0,run:5,checkpoint:A:0");
        long held = epoch(cluster);
        SimHost b = cluster.processes()[B];
        while (b.state().committing() < 0) {
            make(cluster, "later:A,request:0,answer:0,message:A:1");
            if (b.state().committing() < 0) {
                make(cluster, "disk:B:1");
            }
        }
        make(cluster, "read_only:B:1,disk:B:15,disk:B:15");
        assertThat(b.state().staged()).containsOnlyKeys(held + 1);
        assertThat(b.state().committing()).isNegative();
        assertThat(epoch(cluster)).isEqualTo(held);
        make(cluster, "read_only:B:0,run:9");
        assertThat(epoch(cluster)).isGreaterThan(held);
        cluster.finish();
        assertThat(lines("\"StagePart\"", "\"epoch\":" + (held + 1) + ",")).hasSize(1);
        assertThat(TraceValidation.validate(List.of(folder))).isInstanceOf(TraceJudgment.Accepted.class);
    }

    private static void make(Cluster cluster, String moves) {
        Move.parse(moves).forEach(cluster::move);
    }

    private static long epoch(Cluster cluster) {
        return java.util.Objects.requireNonNull(cluster.processes()[B].state().checkpoint())
                .epoch();
    }

    private List<String> lines(String... words) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.readAllLines(file).stream()
                        .filter(line -> Stream.of(words).allMatch(line::contains))
                        .forEach(lines::add);
            }
        }
        return lines;
    }
}
