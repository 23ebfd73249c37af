package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The command line of a program on a stage: through a script that sets its clock and keeps what it prints. */
final class Launch {
    private static final String SCRIPT = """
            # log, clock, agent, command: the clock's error is read here so that each start can have another one.
            log=$1; clock=$2; agent=$3; shift 3
            if [ -s "$clock" ]; then
              read -r offset <"$clock"
              export JDK_JAVA_OPTIONS="-javaagent:$agent=$offset"
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
        agent(dir.resolve("clock/agent.jar"), WrongClock.class);
        agent(dir.resolve("errors/agent.jar"), FailingFiles.class);
        return script;
    }

    /** Writes the jar that names a class as an agent; the class itself is where all classes are. */
    static void agent(Path jar, Class<?> agent) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", agent.getName());
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        } catch (IOException e) {
            throw new StageException("cannot write " + jar, e);
        }
    }

    /** All words. */
    static List<String> words(Path script, Path log, Path clock, List<String> command) {
        List<String> words = new ArrayList<>(List.of(
                "/bin/sh",
                script.toString(),
                log.toString(),
                clock.toString(),
                clock.resolveSibling("agent.jar").toString()));
        words.addAll(command);
        return words;
    }

    /** A JVM for a program that lives for seconds: a quick start and little memory. */
    static List<String> java(
            String java, String classpath, List<String> options, List<String> first, List<String> program) {
        List<String> words = new ArrayList<>(
                List.of(java, "-Xmx160m", "-Xss512k", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        words.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        // To verify classes of this build, which a test run has verified, takes a sixth of the time of a start.
        words.addAll(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote", "-cp", classpath));
        words.addAll(options);
        words.addAll(first);
        words.addAll(program);
        return words;
    }
}
