package dev.unwrite.spec.model;

import dev.unwrite.spec.tlc.TlcJob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A specification with bounds, what is asked of it, and what is expected.
 *
 * @param name what a person calls it
 * @param purpose one line: why it is here
 * @param module the root module
 * @param specification the name of the formula after SPECIFICATION
 * @param constants the constants' values as a configuration file has them; a value that starts with {@code <-} names
 *     a definition
 * @param invariants names
 * @param properties names: temporal and action properties, refinements
 * @param constraints names of state constraints
 * @param actionConstraints names of action constraints
 * @param symmetry the name of the symmetry set, or null
 * @param view the name of the view, or null
 * @param workers worker threads
 * @param heap the heap's limit
 * @param deadlock whether a state without a successor is an error
 * @param size how long it takes, and so when it runs
 * @param off the rules that are switched off
 * @param fails what must be violated: one of these names; empty if all must hold
 * @param simulation random behaviours instead of all, or null
 */
public record Model(
        String name,
        String purpose,
        String module,
        String specification,
        Map<String, String> constants,
        List<String> invariants,
        List<String> properties,
        List<String> constraints,
        List<String> actionConstraints,
        @Nullable String symmetry,
        @Nullable String view,
        int workers,
        String heap,
        boolean deadlock,
        Size size,
        Set<String> off,
        Set<String> fails,
        TlcJob.@Nullable Simulation simulation) {
    /** The constant of the specification that holds the names of the rules switched off. */
    public static final String OFF = "Off";

    /** When a model runs. */
    public enum Size {
        /** With every check: seconds, at most a minute or two. */
        SMALL,
        /** Only by name or with {@code --all}. */
        LARGE,
        /** With every check: it must fail, with a rule switched off or something else made wrong. */
        MUSTFAIL
    }

    /** Whether all that is asked must hold. */
    public boolean mustHold() {
        return fails.isEmpty();
    }

    /** This model with {@code rule} switched off too, to see what breaks. */
    public Model without(String rule) {
        Set<String> more = new java.util.TreeSet<>(off);
        more.add(rule);
        Map<String, String> values = new LinkedHashMap<>(constants);
        values.put(OFF, offSet(more));
        return new Model(
                name + " without " + rule,
                purpose,
                module,
                specification,
                values,
                invariants,
                properties,
                constraints,
                actionConstraints,
                symmetry,
                view,
                workers,
                heap,
                deadlock,
                size,
                more,
                fails,
                simulation);
    }

    /** This model with nothing asked but one property. */
    Model onlyProperty(String property) {
        return new Model(
                name,
                purpose,
                module,
                specification,
                constants,
                List.of(),
                List.of(property),
                constraints,
                actionConstraints,
                symmetry,
                view,
                workers,
                heap,
                false,
                size,
                off,
                fails,
                simulation);
    }

    static String offSet(Set<String> rules) {
        return rules.stream().sorted().map(rule -> '"' + rule + '"').collect(Collectors.joining(", ", "{", "}"));
    }

    /** The configuration file. */
    public String config() {
        List<String> lines = new ArrayList<>();
        lines.add("SPECIFICATION " + specification);
        constants.forEach((constant, value) ->
                lines.add("CONSTANT " + constant + (value.startsWith("<-") ? " " : " = ") + value));
        invariants.forEach(invariant -> lines.add("INVARIANT " + invariant));
        properties.forEach(property -> lines.add("PROPERTY " + property));
        constraints.forEach(constraint -> lines.add("CONSTRAINT " + constraint));
        actionConstraints.forEach(constraint -> lines.add("ACTION_CONSTRAINT " + constraint));
        if (symmetry != null) {
            lines.add("SYMMETRY " + symmetry);
        }
        if (view != null) {
            lines.add("VIEW " + view);
        }
        return String.join("\n", lines) + "\n";
    }
}
