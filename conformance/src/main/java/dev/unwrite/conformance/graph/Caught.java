package dev.unwrite.conformance.graph;

import java.util.List;

/** The code does not do what the specification says. The message is one line: where, what, and both sides. */
final class Caught extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private List<String> path = List.of();

    Caught(String where, String what, Object spec, Object code) {
        super(where + ", " + what + ": specification " + spec + ", code " + code);
    }

    /** The same, with the steps that led there. */
    Caught after(List<Chosen> steps) {
        path = steps.stream().map(Chosen::toString).toList();
        return this;
    }

    /** The steps from the start to the state in which it was caught. */
    List<String> path() {
        return path;
    }
}
