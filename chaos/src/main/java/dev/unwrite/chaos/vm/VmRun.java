package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.cluster.TidyUp;
import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Makes guest and network, and runs in them what is to be seen of a guest: {@link VmDemo}, {@link VmBench}. */
public final class VmRun {
    private static final int DEMO_MIB = 96;
    private static final Duration END_MAX = Duration.ofSeconds(10);

    private VmRun() {}

    /**
     * Runs the demo to its end, in an empty folder; returns its exit code.
     *
     * @throws ExitException with {@link Exit#LACKING} where something is not there, in one line
     */
    public static int demo(Path folder, long seed) throws IOException {
        return demo(folder, parts(folder), seed);
    }

    /** As above; {@code parts} keeps what the guest is made of. */
    static int demo(Path folder, Path parts, long seed) throws IOException {
        return run(folder, parts, DEMO_MIB, VmDemo.class, List.of(Long.toString(seed)));
    }

    /**
     * Strikes for that long, and until it has struck in all ways, in an empty folder; returns its exit code, and throws as
     * {@link #demo(Path, long)} does.
     */
    public static int campaign(Path folder, long seed, Duration duration) throws IOException {
        return campaign(folder, parts(folder), seed, duration);
    }

    /** As above; {@code parts} keeps what the guest is made of. */
    static int campaign(Path folder, Path parts, long seed, Duration duration) throws IOException {
        return run(folder, parts, DEMO_MIB, VmDemo.class, List.of(Long.toString(seed), duration.toString()));
    }

    /**
     * Measures, in an empty folder, briefly or not, and writes every sample to a file; returns its exit code, and throws as
     * {@link #demo(Path, long)} does.
     */
    public static int bench(Path folder, boolean quick, Path json) throws IOException {
        int code = bench(folder, parts(folder), quick);
        if (code == Exit.OK) {
            Files.move(folder.resolve(VmBench.SAMPLES), json, StandardCopyOption.REPLACE_EXISTING);
        }
        return code;
    }

    /** As above; {@code parts} keeps what the guest is made of. */
    static int bench(Path folder, Path parts, boolean quick) throws IOException {
        return run(folder, parts, VmBench.MEMORY_MIB, VmBench.class, List.of(Boolean.toString(quick)));
    }

    private static Path parts(Path folder) {
        String home = System.getProperty("unwrite.home");
        return home == null ? folder.resolve("parts") : Path.of(home, "chaos", "target", "vm");
    }

    private static int run(Path folder, Path parts, int memoryMib, Class<?> main, List<String> args)
            throws IOException {
        TickGuest guest = TickGuest.make(parts);
        guest.arguments(
                folder.resolve("guest"),
                "tap,id=n0,ifname=" + VmNetwork.TAP + ",script=no,downscript=no,vhost=off",
                memoryMib);
        try (VmNetwork network = VmNetwork.open()) {
            return inside(network, folder, main, args);
        } catch (StageException e) {
            throw new ExitException(Exit.LACKING, String.valueOf(e.getMessage()), e);
        }
    }

    private static int inside(VmNetwork network, Path folder, Class<?> main, List<String> args) throws IOException {
        List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        words.addAll(network.inside(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED")));
        String launcher = System.getProperty("unwrite.launcher");
        if (launcher != null) {
            words.add("-Dunwrite.launcher=" + launcher);
        }
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), folder.toString()));
        words.addAll(args);
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        // What it started dies with it.
        TidyUp tidyUp = TidyUp.atTheEnd(process::destroyForcibly, network::close, END_MAX);
        try (InputStream said = process.getInputStream()) {
            said.transferTo(System.out);
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return Exit.FAILED;
        } finally {
            tidyUp.now();
        }
    }
}
