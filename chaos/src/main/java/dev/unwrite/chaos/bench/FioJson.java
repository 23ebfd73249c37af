package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** What fio prints with {@code --output-format=json}. */
final class FioJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private FioJson() {}

    /** The only job, which wrote or read something and met no error; a {@link BenchException} says what is wrong with it otherwise. */
    static JsonNode job(String output) {
        // Before it, fio says to whom it is connected.
        int begin = output.indexOf("{\n");
        JsonNode job;
        try {
            job = JSON.readTree(output.substring(Math.max(0, begin)))
                    .path("jobs")
                    .path(0);
        } catch (JsonProcessingException e) {
            throw new BenchException("fio did not say what it measured: " + line(output), e);
        }
        int error = job.path("error").asInt(-1);
        if (error != 0) {
            throw new BenchException(
                    "fio failed with error " + error + ": " + line(output.substring(0, Math.max(0, begin))));
        }
        if (job.path("write").path("total_ios").asLong()
                        + job.path("read").path("total_ios").asLong()
                == 0) {
            throw new BenchException("fio wrote nothing");
        }
        return job;
    }

    private static String line(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() > 300 ? line.substring(0, 300) + "..." : line;
    }
}
