package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes guest and network, and runs the {@link VmDemo} in them. */
public final class VmRun {
    private VmRun() {}

    /**
     * Runs it to its end, in an empty folder; returns its exit code.
     *
     * @throws ExitException with {@link Exit#LACKING} where something is not there, in one line
     */
    public static int run(Path folder, long seed) throws IOException {
        String home = System.getProperty("unwrite.home");
        return run(folder, home == null ? folder.resolve("parts") : Path.of(home, "chaos", "target", "vm"), seed);
    }

    /** As above; {@code parts} keeps what the guest is made of. */
    static int run(Path folder, Path parts, long seed) throws IOException {
        TickGuest guest = TickGuest.make(parts);
        guest.arguments(
                folder.resolve("guest"), "tap,id=n0,ifname=" + VmNetwork.TAP + ",script=no,downscript=no,vhost=off");
        try (VmNetwork network = VmNetwork.open()) {
            return inside(network, folder, seed);
        } catch (StageException e) {
            throw new ExitException(Exit.LACKING, String.valueOf(e.getMessage()), e);
        }
    }

    private static int inside(VmNetwork network, Path folder, long seed) throws IOException {
        List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        words.addAll(network.inside(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                VmDemo.class.getName(),
                folder.toString(),
                Long.toString(seed))));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (InputStream said = process.getInputStream()) {
            said.transferTo(System.out);
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return Exit.FAILED;
        }
    }
}
