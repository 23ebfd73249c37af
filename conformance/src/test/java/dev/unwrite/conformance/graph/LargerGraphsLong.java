package dev.unwrite.conformance.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.model.Models;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As {@link GraphReplayIT}, with graphs that take minutes: part of {@code mvn -Plong verify} only. */
class LargerGraphsLong {
    @ParameterizedTest
    @ValueSource(strings = {"back", "alone", "crashes", "around"})
    void theCodeTakesEveryEdge(String model) throws Exception {
        List<ReplayReport> reports =
                GraphReplay.replay(List.of(Models.bundled().find(model).orElseThrow()), null, report -> {});
        ReplayReport report = reports.getFirst();
        long edges = report.edgesByAction().values().stream().mapToLong(n -> n).sum();
        System.out.println(model + ": " + report.states() + " states, " + edges + " edges");
        assertThat(report.neverTaken()).isEmpty();
        // Each state but the first is reached by an edge.
        assertThat(edges).isGreaterThanOrEqualTo(report.states() - 1);
        assertThat(report.refusals().refused()).isNotEmpty();
    }
}
