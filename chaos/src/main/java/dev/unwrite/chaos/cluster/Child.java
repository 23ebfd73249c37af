package dev.unwrite.chaos.cluster;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.Main;
import java.util.Arrays;

/** Runs an {@code unwrite} command in a process that ends with its parent, however the parent ended. */
public final class Child {
    private Child() {}

    /** The first argument is the parent's process id, the rest is the command line. */
    public static void main(String[] args) {
        long parent = Long.parseLong(args[0]);
        ProcessHandle.of(parent)
                .ifPresentOrElse(
                        handle -> handle.onExit()
                                .thenRun(() -> Runtime.getRuntime().halt(Exit.FAILED)),
                        () -> Runtime.getRuntime().halt(Exit.FAILED));
        System.exit(Main.run(Arrays.copyOfRange(args, 1, args.length)));
    }
}
