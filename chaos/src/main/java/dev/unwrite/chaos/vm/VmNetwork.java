package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.stage.StageException;
import dev.unwrite.chaos.stage.Tools;
import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A network namespace with a bridge, at which the observer is, and a tap, to which the guest's card is plugged by whichever QEMU
 * runs it: two hosts would have a tap of that name each.
 */
final class VmNetwork implements Closeable {
    static final String TAP = "tap0";
    private static final String OBSERVER = "10.77.0.1/24";

    private final String name = "unwrite-" + ProcessHandle.current().pid() + "-vm";

    /** Throws a {@link StageException}, with one line, where this machine does not let us. */
    static VmNetwork open() {
        if (!Tools.isRoot() || !Tools.have("ip", "nsenter") || !Files.exists(Path.of("/dev/net/tun"))) {
            throw new StageException("a network for the guest needs root, iproute2, and /dev/net/tun");
        }
        VmNetwork made = new VmNetwork();
        try {
            Tools.run("ip", "netns", "add", made.name);
            Tools.run("ip", "-n", made.name, "link", "set", "lo", "up");
            Tools.run("ip", "-n", made.name, "link", "add", "br0", "type", "bridge");
            Tools.run("ip", "-n", made.name, "addr", "add", OBSERVER, "dev", "br0");
            Tools.run("ip", "-n", made.name, "link", "set", "br0", "up");
            Tools.run("ip", "-n", made.name, "tuntap", "add", "dev", TAP, "mode", "tap");
            Tools.run("ip", "-n", made.name, "link", "set", TAP, "master", "br0", "up");
            return made;
        } catch (StageException e) {
            made.close();
            throw e;
        }
    }

    /** The command, run inside, by the same process. */
    List<String> inside(List<String> command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + name));
        words.addAll(command);
        return words;
    }

    @Override
    public void close() {
        Tools.attempt(List.of("ip", "netns", "del", name));
    }
}
