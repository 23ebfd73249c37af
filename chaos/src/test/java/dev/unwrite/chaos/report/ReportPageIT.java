package dev.unwrite.chaos.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
class ReportPageIT {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern NUMBER = Pattern.compile("data-key=\"([^\"]+)\" data-value=\"([^\"]*)\"");
    private static final long BROWSER_SECONDS_MAX = 120;

    @TempDir
    private Path dir = Path.of("");

    @Test
    void theBrowserHasNothingToComplainAboutAndShowsTheNumbersOfTheResults() throws Exception {
        Report.write(dir, SampleRun.valid());
        String page = open(dir.resolve("report.html"));
        assertThat(Files.readString(dir.resolve("console")))
                .as("messages of the browser's console")
                .doesNotContain(":CONSOLE");
        assertThat(page).contains("<svg").contains("takeover-2");

        JsonNode results = JSON.readTree(dir.resolve("results.json").toFile());
        Set<String> shown = new HashSet<>();
        Matcher numbers = NUMBER.matcher(page);
        while (numbers.find()) {
            JsonNode onPage = JSON.readTree(numbers.group(2).replace("&quot;", "\""));
            assertThat(plain(onPage)).as(numbers.group(1)).isEqualTo(plain(at(results, numbers.group(1))));
            shown.add(numbers.group(1));
        }
        assertThat(shown)
                .contains(
                        "valid", "seed", "operations", "faults", "numbers.restoredBlocks", "takeovers.1.firstReplyMs");
    }

    /** A script knows no difference between 1060 and 1060.0. */
    private static Object plain(JsonNode value) {
        return value.isNumber() ? (Object) value.asDouble() : value;
    }

    private static JsonNode at(JsonNode results, String key) {
        return results.at("/" + key.replace('.', '/'));
    }

    /** The page as the browser has it when its script has run. */
    private String open(Path file) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(chromium(), "--headless", "--no-sandbox", "--disable-gpu"));
        command.addAll(List.of("--disable-quic", "--no-first-run", "--disable-background-networking"));
        command.addAll(List.of("--disable-component-update", "--disable-sync", "--enable-logging=stderr"));
        command.addAll(List.of(
                "--user-data-dir=" + dir.resolve("profile"),
                "--dump-dom",
                file.toUri().toString()));
        Process browser = new ProcessBuilder(command)
                .redirectOutput(dir.resolve("dom").toFile())
                .redirectError(dir.resolve("console").toFile())
                .start();
        try {
            assertThat(browser.waitFor(BROWSER_SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        } finally {
            browser.destroyForcibly().waitFor();
        }
        return Files.readString(dir.resolve("dom"));
    }

    private static String chromium() {
        String path = System.getenv().getOrDefault("PATH", "");
        String found = Stream.of(path.split(":"))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElse("");
        if (found.isEmpty()) {
            System.err.println("SKIPPED: chromium is missing; apt-get install chromium");
        }
        assumeTrue(!found.isEmpty(), "SKIPPED: chromium is missing; apt-get install chromium");
        return found;
    }
}
