package dev.unwrite.conformance.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.conformance.trace.TraceValidation;
import dev.unwrite.conformance.trace.Verdict;
import dev.unwrite.protocol.HostState;
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
        SimWorld world = SimWorld.of(List.of(), Tracing.into(folder, 0));
        make(world, "run:5,cut:A");
        while (!world.network.underWay().isEmpty()) {
            make(world, "deliver:0");
        }
        long held = epoch(world);
        make(world, "read_only:B:1,do:B:" + SimHost.COMMIT);
        HostState refused = world.host(B).state();
        assertThat(refused.staged()).containsExactly(held + 1);
        assertThat(refused.committing()).isNegative();
        assertThat(epoch(world)).isEqualTo(held);
        make(world, "read_only:B:0,resend:A,run:4");
        assertThat(epoch(world)).isGreaterThan(held);
        world.finish();
        assertThat(lines("\"StagePart\"", "\"epoch\":" + (held + 1) + ",")).hasSize(1);
        assertThat(TraceValidation.validate(List.of(folder))).isInstanceOf(Verdict.Accepted.class);
    }

    private static void make(SimWorld world, String moves) {
        Move.parse(moves).forEach(world::move);
    }

    private static long epoch(SimWorld world) {
        return java.util.Objects.requireNonNull(world.host(B).state().checkpoint())
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
