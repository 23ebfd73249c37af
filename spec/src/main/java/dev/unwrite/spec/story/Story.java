package dev.unwrite.spec.story;

import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.story.Teller.Told;
import dev.unwrite.spec.story.Words.Signature;
import dev.unwrite.spec.story.Words.VariableWords;
import dev.unwrite.spec.tlc.TlcResult;
import dev.unwrite.spec.tlc.TlcVerdict;
import dev.unwrite.spec.tlc.TraceStep;
import dev.unwrite.spec.value.TlaValue;
import dev.unwrite.spec.value.TlaValue.Fcn;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells a counterexample as a person would: step by step, in columns for the hosts and the storage, only what changes. */
public final class Story {
    private static final int WIDTH = 110;

    private final Words words;

    /** Tells it in these words. */
    public Story(Words words) {
        this.words = words;
    }

    /** Prints what came out of a run: the counterexample, the property that broke, and what the rule says. */
    public void print(Model model, TlcResult result, PrintWriter out) {
        if (!result.trace().isEmpty()) {
            steps(result.trace()).forEach(out::println);
        }
        out.println();
        ending(model, result).forEach(out::println);
    }

    /** The counterexample. */
    List<String> steps(List<TraceStep> trace) {
        List<String> hosts = hosts(trace.getFirst().variables());
        Teller teller = new Teller(words, hosts);
        Columns columns = new Columns(WIDTH / (hosts.size() + 1));
        List<String> lines = new ArrayList<>();
        if (!hosts.isEmpty()) {
            List<List<String>> heads = new ArrayList<>();
            hosts.forEach(host -> heads.add(List.of(host)));
            heads.add(List.of("storage, outside"));
            lines.addAll(columns.row(heads));
        }
        Map<String, TlaValue> before = Map.of();
        for (TraceStep step : trace) {
            List<Change> changes = Differ.diff(before, step.variables());
            List<Told> told = before.isEmpty()
                    ? state(step, hosts, words.start())
                    : changes.stream()
                            .sorted(Comparator.comparingInt(this::rank))
                            .flatMap(change -> teller.tell(change).stream())
                            .toList();
            lines.add(headline(step, changes, told));
            lines.addAll(columns.row(cells(told, hosts)));
            before = step.variables().isEmpty() ? before : step.variables();
        }
        List<Told> last = hosts.isEmpty() ? List.of() : state(trace.getLast(), hosts, words.end());
        if (trace.size() > 1 && !last.isEmpty()) {
            lines.add("     In the end");
            lines.addAll(columns.row(cells(last, hosts)));
        }
        return lines;
    }

    /** The variables in the order of the words; those without words last. */
    private int rank(Change change) {
        int rank = List.copyOf(words.variables().keySet()).indexOf(change.variable());
        return rank < 0 ? Integer.MAX_VALUE : rank;
    }

    private static List<List<String>> cells(List<Told> told, List<String> hosts) {
        List<List<String>> cells = new ArrayList<>();
        for (String host : hosts) {
            cells.add(told.stream()
                    .filter(t -> t.host().equals(host))
                    .map(Told::text)
                    .toList());
        }
        cells.add(told.stream().filter(t -> t.host().isEmpty()).map(Told::text).toList());
        return cells;
    }

    private String headline(TraceStep step, List<Change> changes, List<Told> told) {
        String number = String.format(java.util.Locale.ROOT, "%3d. ", step.number());
        if (step.action().equals(TraceStep.BACK)) {
            return number + "... and so on, again and again from step " + step.location();
        }
        if (step.action().equals(TraceStep.STUTTERING)) {
            return number + "... and nothing more happens, ever";
        }
        if (step.action().equals(TraceStep.INITIAL)) {
            return number + "The start";
        }
        String parameters = step.parameters().isEmpty() ? actors(told) : "(" + step.parameters() + ")";
        String action = name(step.action(), changes);
        String saying = words.actions().getOrDefault(action, "");
        return number + action + parameters + (saying.isEmpty() ? "" : ": " + saying);
    }

    private String name(String given, List<Change> changes) {
        if (words.actions().containsKey(given)) {
            return given;
        }
        Set<String> changed = changes.stream()
                .map(Change::variable)
                .filter(variable -> !Optional.ofNullable(words.variables().get(variable))
                        .map(VariableWords::hidden)
                        .orElse(false))
                .collect(Collectors.toSet());
        return words.unnamed().stream()
                .filter(signature -> signature.fits(changed))
                .map(Signature::action)
                .findFirst()
                .orElse(given);
    }

    /** TLC names the action, not the host that takes it: that is the host at which something changed. */
    private static String actors(List<Told> told) {
        List<String> hosts = told.stream()
                .map(Told::host)
                .filter(host -> !host.isEmpty())
                .distinct()
                .toList();
        return hosts.size() == 1 ? "(" + hosts.getFirst() + ")" : "";
    }

    /** What a state is, in the columns; {@code names} says of which variables, and what they are called. */
    private static List<Told> state(TraceStep step, List<String> hosts, Map<String, String> names) {
        List<Told> told = new ArrayList<>();
        Collection<String> variables = hosts.isEmpty() ? step.variables().keySet() : names.keySet();
        for (String variable : variables) {
            TlaValue value = step.variables().get(variable);
            String name = names.getOrDefault(variable, variable);
            if (value instanceof Fcn function && !hosts.isEmpty() && hosts.equals(keys(function))) {
                function.entries()
                        .forEach((host, own) -> told.add(new Told(host.plain(), name + " " + Teller.show(own))));
            } else if (value != null) {
                told.add(new Told("", name + " " + Teller.show(value)));
            }
        }
        return told;
    }

    private List<String> hosts(Map<String, TlaValue> state) {
        return state.get(words.hostsFrom()) instanceof Fcn function ? keys(function) : List.of();
    }

    private static List<String> keys(Fcn function) {
        return function.entries().keySet().stream()
                .map(TlaValue::plain)
                .sorted()
                .toList();
    }

    /** What broke, what it means, and what the rules that are switched off say. */
    List<String> ending(Model model, TlcResult result) {
        List<String> lines = new ArrayList<>();
        String violated = result.violated();
        if (result.verdict() == TlcVerdict.HOLDS) {
            lines.add("Nothing broke in " + model.name() + ".");
        } else if (violated == null) {
            lines.add(result.why());
        } else {
            lines.add(violated + " broke"
                    + (result.steps() == 0
                            ? " at the start."
                            : " after " + result.steps() + (result.steps() == 1 ? " step." : " steps.")));
            String meaning = words.properties().get(violated);
            if (meaning != null) {
                lines.add("  " + violated + " says: " + meaning + ".");
            }
        }
        model.off()
                .forEach(rule -> lines.add("  The rule " + rule + ", switched off here, says: "
                        + words.rules().getOrDefault(rule, "(nothing in " + Words.FILE + ")") + "."));
        return lines;
    }
}
