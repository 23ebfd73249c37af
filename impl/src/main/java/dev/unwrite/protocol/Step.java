package dev.unwrite.protocol;

import java.util.List;

/** The result of {@link Protocol#step}. */
public sealed interface Step {
    /** The step was taken. */
    record Taken(HostState next, List<Effect> effects) implements Step {}

    /** The protocol does not allow the step in this state; nothing changed. {@code why} is for people. */
    record Refused(String why) implements Step {}
}
