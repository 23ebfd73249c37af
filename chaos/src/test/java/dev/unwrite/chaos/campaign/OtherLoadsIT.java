package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.cli.Exit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Short campaigns with the loads that write the raw volume: fio in a container if an engine answers, the other on processes.
 * They are too short to have done all that a campaign is for.
 */
final class OtherLoadsIT {
    private static final long CAMPAIGN_MAX_MINUTES = 5;
    private static final int SEEDS = 3;
    /** It says whether enough happened, and is not asked here. */
    private static final String DID_ITS_WORK = "campaign-did-its-work";

    @TempDir
    Path dir;

    @Test
    void aRawVolumeIsWhatItWasAtTheCheckpoint() throws Exception {
        someSeedShows("volume", "volume-equals-checkpoint");
    }

    @Test
    void fioVerifiesThePassOfTheCheckpoint() throws Exception {
        someSeedShows("fio", "fio-verifies");
    }

    /** No check ever fails, and with one of the seeds this one has seen what it is for. */
    private void someSeedShows(String load, String check) throws Exception {
        String last = "";
        for (int seed = 1; seed <= SEEDS; seed++) {
            Map<String, String> verdicts = campaign(load, seed);
            last = Harness.text(dir.resolve(load + seed + ".out"));
            assertThat(verdicts).as(last).containsKey(check).doesNotContainValue("invalid");
            verdicts.remove(DID_ITS_WORK);
            if (verdicts.values().stream().allMatch("valid"::equals)) {
                System.out.println(last);
                return;
            }
        }
        assertThat(last).as("no seed made each check valid").isEmpty();
    }

    private Map<String, String> campaign(String load, int seed) throws Exception {
        String name = load + seed;
        List<String> words = new ArrayList<>(load.equals("fio") ? List.of() : List.of("--cluster", "process"));
        words.addAll(List.of(
                "--load",
                load,
                "--faults",
                "kill,stop",
                "--duration",
                load.equals("fio") ? "40s" : "20s",
                "--seed",
                Integer.toString(seed),
                "--no-wait"));
        Process process = Harness.start(dir, name, words);
        assertThat(process.waitFor(CAMPAIGN_MAX_MINUTES, TimeUnit.MINUTES)).isTrue();
        String output = Harness.text(dir.resolve(name + ".out"));
        Assumptions.assumeFalse(process.exitValue() == Exit.LACKING, "SKIPPED: " + output.strip());
        Path results = dir.resolve(name).resolve("results.json");
        assertThat(results).as(output).exists();
        Map<String, String> verdicts = new LinkedHashMap<>();
        for (JsonNode check :
                JsonMapper.builder().build().readTree(results.toFile()).path("checks")) {
            verdicts.put(check.path("name").asText(), check.path("verdict").asText());
        }
        return verdicts;
    }
}
