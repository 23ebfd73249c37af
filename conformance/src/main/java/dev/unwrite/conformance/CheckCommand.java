package dev.unwrite.conformance;

import dev.unwrite.cli.Exit;
import dev.unwrite.cli.ExitException;
import dev.unwrite.spec.model.CheckRunner;
import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.ModelCheck;
import dev.unwrite.spec.model.ModelException;
import dev.unwrite.spec.model.ModelOutcome;
import dev.unwrite.spec.model.Models;
import dev.unwrite.spec.model.Pin;
import dev.unwrite.spec.model.Pins;
import dev.unwrite.spec.story.Story;
import dev.unwrite.spec.story.Words;
import dev.unwrite.spec.tlc.LackingException;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcVerdict;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code unwrite check}: runs the model checker on the specification. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Checks the specification with TLC.",
            "Without arguments: every small model must hold, and every model in which a rule is switched off must fail"
                    + " in the way that was recorded."
        },
        footer = {
            "",
            "Exit codes: 0 all as expected, 1 a check failed, 2 unknown model or rule, 3 something is lacking.",
            "TLC comes from Maven Central; UNWRITE_JAVA_OPTS=-Dtla2tools.jar=FILE puts an official jar in its place."
        })
public final class CheckCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "MODEL", arity = "0..*", description = "The models to check; --list shows them.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--without",
            paramLabel = "RULE",
            description = "Switch a rule off and tell what goes wrong then. Exits with 1 when something does.")
    private @Nullable String rule;

    @Option(names = "--list", description = "Show the models and what is known of them; check nothing.")
    private boolean list;

    @Option(names = "--all", description = "Check the large models too; they take from minutes to hours.")
    private boolean all;

    @Option(
            names = "--pin",
            description = "Record the numbers that the models come to (distinct states, depth) as those to expect.")
    private boolean pin;

    @Option(
            names = "--export",
            paramLabel = "FOLDER",
            description = "Write each MODEL's specification and configuration into FOLDER/MODEL, for TLC elsewhere;"
                    + " check nothing.")
    private @Nullable Path export;

    @Option(
            names = "--limit",
            paramLabel = "MINUTES",
            defaultValue = "720",
            description = "No model may take longer (default: ${DEFAULT-VALUE}).")
    private int limitMinutes;

    @Option(
            names = "--cores",
            paramLabel = "N",
            description = "Check so many models at once (default: one for each processor).")
    private int cores = Runtime.getRuntime().availableProcessors();

    /** Called by picocli. */
    public CheckCommand() {}

    @Override
    public Integer call() throws Exception {
        try {
            return run(Models.bundled(), Pins.bundled());
        } catch (ModelException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        } catch (LackingException e) {
            throw new ExitException(Exit.LACKING, String.valueOf(e.getMessage()), e);
        }
    }

    private int run(Models models, Pins pins) throws IOException, InterruptedException {
        if (limitMinutes < 1 || cores < 1) {
            throw new ExitException(Exit.USAGE, "--limit and --cores must be at least 1");
        }
        ModelCheck check = new ModelCheck(models.files(), pin ? null : pins, Duration.ofMinutes(limitMinutes));
        if (rule != null) {
            return without(check, models, rule);
        }
        List<Model> chosen = chosen(models);
        if (list) {
            ModelTable.print(out(), names.isEmpty() ? models.all() : chosen, pins);
            return Exit.OK;
        }
        if (export != null) {
            export(models, chosen, export);
            return Exit.OK;
        }
        CheckScreen screen = new CheckScreen(out(), isTerminal());
        List<ModelOutcome> outcomes = new CheckRunner(check, pins, cores).run(chosen, screen);
        screen.summary(outcomes);
        if (pin) {
            return pin(models, pins, outcomes);
        }
        for (ModelOutcome outcome : outcomes) {
            if (!outcome.passed() && !outcome.result().trace().isEmpty()) {
                out().println();
                out().println("== " + outcome.model().name() + ": " + outcome.message());
                tell(outcome.model(), outcome.result());
            }
        }
        return outcomes.stream().allMatch(ModelOutcome::passed) ? Exit.OK : Exit.FAILED;
    }

    private List<Model> chosen(Models models) {
        if (names.isEmpty()) {
            return all ? models.all() : models.usual();
        }
        List<Model> chosen = new ArrayList<>();
        for (String name : names) {
            chosen.add(models.find(name)
                    .orElseThrow(() -> new ExitException(
                            Exit.USAGE,
                            "there is no model " + name + "; the models are: "
                                    + String.join(
                                            ", ",
                                            models.all().stream()
                                                    .map(Model::name)
                                                    .toList()))));
        }
        return chosen.stream().distinct().toList();
    }

    /** Exits with 1 if and only if something was found to go wrong; a run that says nothing is not that. */
    private int without(ModelCheck check, Models models, String off) throws IOException, InterruptedException {
        Set<String> rules = new TreeSet<>(models.rules());
        rules.addAll(Words.bundled().rules().keySet());
        if (!rules.contains(off)) {
            throw new ExitException(
                    Exit.USAGE, "there is no rule " + off + "; the rules are: " + String.join(", ", rules));
        }
        List<Model> chosen = names.isEmpty()
                ? models.without(off)
                : chosen(models).stream().map(model -> model.without(off)).toList();
        if (chosen.isEmpty()) {
            throw new ExitException(
                    Exit.USAGE, "no model is kept for the rule " + off + "; name a MODEL to switch it off in");
        }
        int worst = Exit.OK;
        for (Model model : chosen) {
            out().println("Checking " + model.name() + ": " + model.purpose());
            out().flush();
            TlcResult result = check.run(model, progress -> {});
            tell(model, result);
            if (!result.verdict().isViolation() && result.verdict() != TlcVerdict.HOLDS) {
                throw new ExitException(Exit.LACKING, model.name() + " could not be checked: " + result.why());
            }
            worst = result.verdict() == TlcVerdict.HOLDS ? worst : Exit.FAILED;
        }
        return worst;
    }

    private void tell(Model model, TlcResult result) {
        new Story(Words.bundled()).print(model, result, out());
        out().flush();
    }

    private int pin(Models models, Pins pins, List<ModelOutcome> outcomes) throws IOException {
        Map<String, Pin> changes = new LinkedHashMap<>();
        outcomes.stream()
                .filter(outcome -> outcome.passed() && outcome.model().simulation() == null)
                .forEach(outcome -> changes.put(outcome.model().name(), outcome.pin()));
        Path file = pinsFile();
        pins.keepOnly(models).with(changes).write(file);
        out().println("pinned " + changes.size() + " of " + outcomes.size() + " models in " + file);
        return outcomes.stream().allMatch(ModelOutcome::passed) ? Exit.OK : Exit.FAILED;
    }

    private void export(Models models, List<Model> chosen, Path to) throws IOException {
        for (Model model : chosen) {
            Path folder = Files.createDirectories(to.resolve(model.name()));
            models.files().copy(model.module(), folder);
            Path config = Files.writeString(folder.resolve(model.module() + ".cfg"), model.config());
            out().println(config);
        }
    }

    private static Path pinsFile() {
        String home = System.getProperty("unwrite.home");
        Path folder = Path.of(home == null ? "." : home).resolve("spec/src/main/tla");
        if (!Files.isDirectory(folder)) {
            throw new ExitException(
                    Exit.LACKING, "there is no folder " + folder + " to pin in; run ./unwrite of a checkout");
        }
        return folder.resolve(Pins.FILE);
    }

    private static boolean isTerminal() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    private PrintWriter out() {
        CommandSpec commandSpec = spec;
        if (commandSpec == null) {
            throw new IllegalStateException("called without picocli");
        }
        return commandSpec.commandLine().getOut();
    }
}
