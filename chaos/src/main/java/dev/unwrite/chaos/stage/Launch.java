package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The command line of a program on a stage: through a script that sets its clock and keeps what it prints. */
final class Launch {
    private static final String SCRIPT = """
            # log, clock, library of the clock, command: a wrong clock is read here so that each start can have another one.
            log=$1; clock=$2; library=$3; shift 3
            if [ -s "$clock" ] && [ -n "$library" ]; then
              export LD_PRELOAD="$library" FAKETIME="$(cat "$clock")" FAKETIME_DONT_FAKE_MONOTONIC=1
            fi
            exec "$@" >>"$log" 2>&1
            """;

    private Launch() {}

    /** Writes the script; returns where it is. */
    static Path script(Path dir) {
        Path script = dir.resolve("launch.sh");
        try {
            Files.writeString(script, SCRIPT);
        } catch (IOException e) {
            throw new StageException("cannot write " + script, e);
        }
        return script;
    }

    /** All words. */
    static List<String> words(Path script, Path log, Path clock, List<String> command) {
        List<String> words = new ArrayList<>(List.of(
                "/bin/sh",
                script.toString(),
                log.toString(),
                clock.toString(),
                fakeTime().map(Path::toString).orElse("")));
        words.addAll(command);
        return words;
    }

    /** A JVM for a program that lives for seconds: a quick start and little memory. */
    static List<String> java(String java, String classpath, List<String> program) {
        List<String> words = new ArrayList<>(List.of(java, "-Xmx160m", "-Xss512k", "-XX:+UseSerialGC"));
        words.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", classpath));
        words.addAll(program);
        return words;
    }

    /** The library that lies about the time. */
    static Optional<Path> fakeTime() {
        try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
            return folders.map(folder -> folder.resolve("faketime/libfaketimeMT.so.1"))
                    .filter(Files::isReadable)
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
