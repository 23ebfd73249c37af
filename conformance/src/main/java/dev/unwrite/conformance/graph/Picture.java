package dev.unwrite.conformance.graph;

import dev.unwrite.spec.value.TlaParser;
import dev.unwrite.spec.value.TlaValue;
import dev.unwrite.spec.value.TlaValue.Fcn;
import java.util.Set;

/**
 * {@code Picture} of {@code UnwriteTrace.tla}: a state of which only this is left. Those of a model's graph are made here,
 * those of traces by TLC.
 *
 * @param record the mode in the ownership record
 * @param owner the host that the record names, or A
 * @param other the other host
 */
public record Picture(String record, Sketch owner, Sketch other) {
    private static final Set<String> CURRENT_ANYHOW = Set.of("down", "idle");

    /** What is left of a host. */
    public record Sketch(
            String role, String mode, boolean session, boolean current, boolean copies, boolean committed) {
        private static Sketch of(SpecState state, String name) {
            SpecHost host = state.host(name);
            return new Sketch(
                    host.role(),
                    host.is("primary") ? host.mode() : "",
                    state.connected(name),
                    CURRENT_ANYHOW.contains(host.role())
                            || host.term() == state.record().term(),
                    !host.log().isEmpty(),
                    host.ckpt() != null);
        }

        private static Sketch of(TlaValue value) {
            return new Sketch(
                    field(value, "role").plain(),
                    field(value, "mode").plain(),
                    bool(value, "session"),
                    bool(value, "current"),
                    bool(value, "copies"),
                    bool(value, "committed"));
        }
    }

    /** A step between two of them. */
    public record Edge(Picture from, String action, Picture to) {
        /** Reads what TLC wrote of a step of a trace: state, action and state, with tabs between. */
        public static Edge parse(String line) {
            String[] parts = line.split("\t");
            if (parts.length != 3) {
                throw new IllegalArgumentException("no edge: " + line);
            }
            return new Edge(
                    Picture.of(TlaParser.value(parts[0])),
                    TlaParser.value(parts[1]).plain(),
                    Picture.of(TlaParser.value(parts[2])));
        }
    }

    static Picture of(SpecState state) {
        String owner = state.record().owner().isEmpty() ? "A" : state.record().owner();
        String other = owner.equals("A") ? "B" : "A";
        return new Picture(state.record().mode(), Sketch.of(state, owner), Sketch.of(state, other));
    }

    private static Picture of(TlaValue value) {
        return new Picture(
                field(value, "record").plain(), Sketch.of(field(value, "owner")), Sketch.of(field(value, "other")));
    }

    private static TlaValue field(TlaValue value, String name) {
        return ((Fcn) value)
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException("no field " + name + " in " + value));
    }

    private static boolean bool(TlaValue value, String name) {
        return ((TlaValue.Bool) field(value, name)).value();
    }
}
