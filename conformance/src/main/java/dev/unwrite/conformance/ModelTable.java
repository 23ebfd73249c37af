package dev.unwrite.conformance;

import dev.unwrite.spec.model.Model;
import dev.unwrite.spec.model.Pin;
import dev.unwrite.spec.model.Pins;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Prints what {@code unwrite check --list} shows. */
final class ModelTable {
    private ModelTable() {}

    static void print(PrintWriter out, List<Model> models, Pins pins) {
        for (Model model : models) {
            out.printf("%s (%s): %s%n", model.name(), size(model), model.purpose());
            out.printf(
                    "    %s%s%n",
                    model.module(),
                    model.constants().entrySet().stream()
                            .filter(entry -> tells(entry.getKey(), model))
                            .map(entry -> entry.getKey()
                                    + (entry.getValue().startsWith("<-") ? " " : " = ")
                                    + entry.getValue())
                            .collect(Collectors.joining(", ", " with ", "")));
            out.printf("    %s%n", expected(model));
            out.printf("    %s%n", numbers(model, pins.of(model)));
        }
        out.flush();
    }

    /** Bounds of zero and the rules switched off are not worth a word: the latter are told by what must break. */
    private static boolean tells(String constant, Model model) {
        return !constant.equals(Model.OFF)
                && !Set.of("0", "None").contains(model.constants().getOrDefault(constant, "0"));
    }

    private static String size(Model model) {
        return switch (model.size()) {
            case SMALL -> "small";
            case LARGE -> "large, runs with --all";
            case MUSTFAIL -> "must fail";
        };
    }

    private static String expected(Model model) {
        if (!model.mustHold()) {
            String off = model.off().isEmpty() ? "" : " without " + String.join(", ", model.off());
            return "must break " + String.join(" or ", model.fails()) + off;
        }
        String names = String.join(
                ", ",
                java.util.stream.Stream.concat(model.invariants().stream(), model.properties().stream())
                        .toList());
        return "must hold: " + names + (model.deadlock() ? ", no deadlock" : "");
    }

    private static String numbers(Model model, Optional<Pin> pin) {
        if (model.simulation() != null) {
            return String.format(
                    Locale.ROOT,
                    "%,d random behaviours of up to %,d states",
                    model.simulation().behaviours(),
                    model.simulation().depth());
        }
        return pin.map(p -> model.mustHold()
                        ? String.format(
                                Locale.ROOT,
                                "%,d distinct states, depth %d; last took %.1f s",
                                p.states(),
                                p.depth(),
                                p.seconds())
                        : String.format(
                                Locale.ROOT, "a counterexample of %d steps; last took %.1f s", p.depth(), p.seconds()))
                .orElse("not pinned yet");
    }
}
