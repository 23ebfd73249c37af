package dev.unwrite.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;

/**
 * Runs a command until SIGTERM. The process ends when the command has ended, with its exit code, and not with 143 while a file
 * is half written.
 */
public final class UntilTerm {
    /** The exit code of the process, once it is known. */
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** Nothing runs yet. */
    public UntilTerm() {}

    /** Runs a command of picocli, then exits with a code of {@link Exit}; what it throws is one line on standard error. */
    public void main(Object command, String... args) {
        CommandLine line = new CommandLine(command);
        line.setExecutionExceptionHandler((error, failed, parsed) -> {
            failed.getErr().println(failed.getCommandName() + ": " + error.getMessage());
            return error instanceof ExitException exit ? exit.code() : Exit.FAILED;
        });
        int code = line.execute(args);
        exitCode.complete(code);
        System.exit(code);
    }

    /**
     * From now on SIGTERM runs {@code stop}, after which the command is to end in that time; also when the process was about to
     * end anyway, as when whoever sends the signal closes the standard input too. One that takes longer is cut off, and said so.
     */
    public void onTerm(Runnable stop, Duration endMax) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            stop.run();
            try {
                Runtime.getRuntime().halt(exitCode.get(endMax.toMillis(), TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                System.err.println("what it writes is not whole: it did not end in " + endMax.toSeconds() + " s");
            }
        }));
    }
}
