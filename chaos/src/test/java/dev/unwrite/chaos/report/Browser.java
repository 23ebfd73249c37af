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

/** A real browser without a screen. A test that wants one is skipped, and says so, where there is none. */
public final class Browser {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern NUMBER = Pattern.compile("data-key=\"([^\"]+)\" data-value=\"([^\"]*)\"");
    private static final long SECONDS_MAX = 120;

    private Browser() {}

    /** The page as the browser has it when its script has run; {@code dir} gets its profile and what it says. */
    public static String open(Path page, Path dir) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(chromium(), "--headless", "--no-sandbox", "--disable-gpu"));
        command.addAll(List.of("--disable-quic", "--no-first-run", "--disable-background-networking"));
        command.addAll(List.of("--disable-component-update", "--disable-sync", "--enable-logging=stderr"));
        command.addAll(List.of(
                "--user-data-dir=" + dir.resolve("profile"),
                "--dump-dom",
                page.toUri().toString()));
        Process browser = new ProcessBuilder(command)
                .redirectOutput(dir.resolve("dom").toFile())
                .redirectError(dir.resolve("console").toFile())
                .start();
        try {
            assertThat(browser.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        } finally {
            browser.destroyForcibly().waitFor();
        }
        assertThat(Files.readString(dir.resolve("console")))
                .as("messages of the browser's console")
                .doesNotContain(":CONSOLE");
        return Files.readString(dir.resolve("dom"));
    }

    /** Compares each number on the page with the file; returns the names of all that are shown. */
    public static Set<String> numbersEqual(String page, Path resultsFile) throws IOException {
        JsonNode results = JSON.readTree(resultsFile.toFile());
        Set<String> shown = new HashSet<>();
        Matcher numbers = NUMBER.matcher(page);
        while (numbers.find()) {
            JsonNode onPage = JSON.readTree(numbers.group(2).replace("&quot;", "\""));
            JsonNode inFile = results.at("/" + numbers.group(1).replace('.', '/'));
            assertThat(plain(onPage)).as(numbers.group(1)).isEqualTo(plain(inFile));
            shown.add(numbers.group(1));
        }
        return shown;
    }

    /** A script knows no difference between 1060 and 1060.0. */
    private static Object plain(JsonNode value) {
        return value.isNumber() ? (Object) value.asDouble() : value;
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
