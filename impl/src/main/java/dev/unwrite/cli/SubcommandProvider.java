package dev.unwrite.cli;

import java.util.List;

/** Contributes subcommands from another module; found by {@link java.util.ServiceLoader}. */
public interface SubcommandProvider {
    /** Objects annotated with picocli's {@code @Command} that implement {@code Callable<Integer>}. */
    List<Object> subcommands();
}
