package dev.unwrite.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Reports a failure: one line on the error output and, where {@code --json} was asked for, also
 * {@code {"error": "one line", "exit": N}} on the output, so that a program finds JSON there whatever happens.
 */
final class Failures {
    private static final String JSON = "--json";

    private Failures() {}

    /** For {@link CommandLine#setParameterExceptionHandler}. */
    static int onUsageError(ParameterException error, String[] args) {
        CommandLine command = error.getCommandLine();
        CommandSpec spec = command.getCommandSpec();
        boolean json = spec.optionsMap().containsKey(JSON) && List.of(args).contains(JSON);
        return tell(command, json, describe(error, args) + "; see " + spec.qualifiedName() + " --help", Exit.USAGE);
    }

    /** For {@link CommandLine#setExecutionExceptionHandler}. */
    static int onError(Exception error, CommandLine command, ParseResult parsed) {
        boolean debug = "1".equals(System.getenv("UNWRITE_DEBUG"));
        if (debug) {
            error.printStackTrace(command.getErr());
        }
        boolean json = command.getCommandSpec().optionsMap().containsKey(JSON)
                && command.getParseResult() != null
                && command.getParseResult().hasMatchedOption(JSON);
        if (error instanceof ExitException exit) {
            return tell(command, json, oneLine(exit.getMessage()), exit.code());
        }
        String line = oneLine(error.toString()) + (debug ? "" : " (UNWRITE_DEBUG=1 shows where)");
        return tell(command, json, line, Exit.FAILED);
    }

    private static int tell(CommandLine command, boolean json, String line, int code) {
        if (json) {
            command.getOut()
                    .println(JsonNodeFactory.instance
                            .objectNode()
                            .put("error", line)
                            .put("exit", code));
            command.getOut().flush();
        }
        command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + line);
        command.getErr().flush();
        return code;
    }

    private static String describe(ParameterException error, String[] args) {
        CommandSpec spec = error.getCommandLine().getCommandSpec();
        if (error instanceof UnmatchedArgumentException unmatched) {
            return unmatched(spec, unmatched);
        }
        if (error instanceof MissingParameterException) {
            // What is missing may be there, with a slip in its name.
            for (String arg : args) {
                String name = arg.replaceFirst("=.*", "");
                if (name.startsWith("--") && name.length() > 2 && !known(spec).contains(name)) {
                    return unknownOption(spec, name);
                }
            }
        }
        return oneLine(error.getMessage());
    }

    private static String unmatched(CommandSpec spec, UnmatchedArgumentException error) {
        String first =
                error.getUnmatched().isEmpty() ? "" : error.getUnmatched().getFirst();
        if (error.isUnknownOption()) {
            return unknownOption(spec, first);
        }
        List<String> commands = List.copyOf(spec.subcommands().keySet());
        if (commands.isEmpty()) {
            return "'" + first + "' is one word too many";
        }
        return "there is no command '" + first + "'" + meant(first, commands) + "; there are "
                + String.join(", ", commands);
    }

    private static String unknownOption(CommandSpec spec, String option) {
        String name = option.replaceFirst("=.*", "");
        return "there is no option '" + name + "'" + meant(name, known(spec));
    }

    private static Set<String> known(CommandSpec spec) {
        return spec.optionsMap().keySet();
    }

    private static String meant(String word, Iterable<String> candidates) {
        String nearest = Nearest.of(word, candidates);
        return nearest == null ? "" : " (did you mean " + nearest + "?)";
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
