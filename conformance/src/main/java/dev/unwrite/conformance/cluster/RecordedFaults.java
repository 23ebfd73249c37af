package dev.unwrite.conformance.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.conformance.trace.RecordedEvent;
import dev.unwrite.conformance.trace.RecordedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code results.json} of a campaign says of the faults that struck, if there is one: a recording without it is good too.
 *
 * @param began when the campaign began, by the storage's clock, microseconds since 1970
 * @param faults in the order in which they struck
 */
record RecordedFaults(long began, List<Struck> faults) {
    /** Whatever lost its power is back within this many seconds after that was healed. */
    private static final double BACK_WITHIN = 10;

    private static final double MILLIS = 1_000;
    private static final double MICROS = 1e6;

    /** A fault; times in seconds from the beginning. */
    record Struck(double at, double healed, String fault, String hit) {}

    /** Throws {@link IOException} with one line if the file is not what a campaign writes. */
    static RecordedFaults of(Path folder, RecordedRun run) throws IOException {
        long first = run.events().getFirst().micros();
        Path file = folder.resolve("results.json");
        if (!Files.exists(file)) {
            return new RecordedFaults(first, List.of());
        }
        JsonNode json;
        try {
            json = new JsonMapper().readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is torn, or no results of a run", e);
        }
        List<Struck> faults = new ArrayList<>();
        for (JsonNode fault : json.path("faultList")) {
            faults.add(new Struck(
                    fault.path("at").asDouble() / MILLIS,
                    fault.path("healedAt").asDouble() / MILLIS,
                    fault.path("fault").asText(),
                    fault.path("hit").asText()));
        }
        faults.sort(java.util.Comparator.comparingDouble(Struck::at));
        return new RecordedFaults(began(json.path("ownership"), first), faults);
    }

    /** The first change of the record is the storage's start: it says how long after the beginning that was. */
    private static long began(JsonNode ownership, long firstMicros) {
        JsonNode begin = ownership.path(0);
        return begin.path("kind").asText().equals("begin")
                ? firstMicros - Math.round(begin.path("at").asDouble() * MILLIS)
                : firstMicros;
    }

    /** Seconds from the beginning. */
    double seconds(RecordedEvent event) {
        return (event.micros() - began) / MICROS;
    }

    /** Whether the power was off where this line was written, or has just come back; a trace does not say so. */
    boolean isOfPowerLoss(RecordedEvent event, String fault) {
        double now = seconds(event);
        return faults.stream()
                .anyMatch(struck -> struck.fault.startsWith(fault)
                        && struck.at - 1 <= now
                        && now <= Math.max(struck.at, struck.healed) + BACK_WITHIN);
    }
}
