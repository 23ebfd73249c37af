package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.cluster.TidyUp;
import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.chaos.stage.Tools;
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
    private static final int DATABASE_MIB = 192;
    /** Each count empties the guest's cache. */
    private static final Duration DATABASE_COUNT_EVERY = Duration.ofMillis(500);

    private static final Duration END_MAX = Duration.ofSeconds(10);

    private VmRun() {}

    /**
     * Runs the demo to its end, in an empty folder; returns its exit code.
     *
     * @param command how to run it again
     * @throws ExitException with {@link Exit#LACKING} where something is not there, in one line
     */
    public static int demo(Path folder, long seed, String command) throws IOException {
        return play(folder, parts(folder), VmPlan.story(seed, command));
    }

    /** The same with a database in the guest, and so many takeovers. */
    public static int database(Path folder, long seed, int takeovers, String command) throws IOException {
        return play(folder, parts(folder), VmPlan.database(seed, takeovers, command));
    }

    /** Strikes for that long, and until it has struck in all ways; otherwise as {@link #demo}. */
    public static int campaign(Path folder, long seed, Duration duration, String command) throws IOException {
        return play(folder, parts(folder), VmPlan.campaign(seed, duration, command));
    }

    /** {@code parts} keeps what the guest is made of. */
    static int play(Path folder, Path parts, VmPlan plan) throws IOException {
        boolean database = plan.kind() == VmPlan.Kind.DATABASE;
        if (database) {
            makeDisk(folder.resolve("disk.img"));
        }
        return run(
                folder,
                parts,
                database ? DATABASE_MIB : DEMO_MIB,
                database ? DATABASE_COUNT_EVERY : TickGuest.COUNT_EVERY,
                VmDemo.class,
                plan.words());
    }

    private static void makeDisk(Path image) throws IOException {
        PostgreSql installed = PostgreSql.find();
        if (!Tools.isRoot()) {
            throw new ExitException(Exit.LACKING, "a guest with a database needs root: its files have an owner");
        }
        try {
            installed.disk(image);
        } catch (StageException e) {
            throw new ExitException(Exit.LACKING, "the guest's disk cannot be made: " + e.getMessage(), e);
        }
    }

    /**
     * Measures, in an empty folder, briefly or not, and writes every sample to a file; returns its exit code, and throws as
     * {@link #demo} does.
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
        return run(
                folder,
                parts,
                VmBench.MEMORY_MIB,
                TickGuest.COUNT_EVERY,
                VmBench.class,
                List.of(Boolean.toString(quick)));
    }

    private static Path parts(Path folder) {
        String home = System.getProperty("unwrite.home");
        return home == null ? folder.resolve("parts") : Path.of(home, "chaos", "target", "vm");
    }

    private static int run(
            Path folder, Path parts, int memoryMib, Duration countEvery, Class<?> main, List<String> args)
            throws IOException {
        TickGuest guest = TickGuest.make(parts);
        guest.arguments(
                folder.resolve("guest"),
                "tap,id=n0,ifname=" + VmNetwork.TAP + ",script=no,downscript=no,vhost=off",
                memoryMib,
                countEvery);
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
