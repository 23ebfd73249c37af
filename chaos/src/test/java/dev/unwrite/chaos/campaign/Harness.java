package dev.unwrite.chaos.campaign;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code unwrite chaos} as a process of its own, as a user runs it. */
public final class Harness {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    private Harness() {}

    /** Starts it with these words; files go into a folder of that name, what it prints into NAME.out beside it. */
    static Process start(Path dir, String name, List<String> more) throws IOException {
        List<String> words =
                new ArrayList<>(List.of("chaos", "--dir", dir.resolve(name).toString()));
        words.addAll(more);
        return unwrite(dir, name, words);
    }

    /** Any command; what it says goes into NAME.out. */
    public static Process unwrite(Path dir, String name, List<String> command) throws IOException {
        List<String> modules = new ArrayList<>();
        for (String module : List.of("chaos", "conformance", "impl", "spec")) {
            modules.add(HOME.resolve(module).resolve("target/classes").toString());
        }
        modules.add(
                Files.readString(HOME.resolve("chaos/target/unwrite.classpath")).strip());
        // A shell that runs this in the background has its children ignore Ctrl-C, and they would pass that on.
        List<String> words = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-Dunwrite.home=" + HOME,
                "-cp",
                String.join(":", modules),
                "dev.unwrite.cli.Main"));
        words.addAll(command);
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve(name + ".out").toFile())
                .start();
    }

    /** What stands in a file; nothing where it is not there yet. */
    public static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
