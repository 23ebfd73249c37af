package dev.unwrite.conformance.graph;

/** The code does not do what the specification says. The message is one line: where, what, and both sides. */
final class Caught extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Caught(String where, String what, Object spec, Object code) {
        super(where + ", " + what + ": specification " + spec + ", code " + code);
    }
}
