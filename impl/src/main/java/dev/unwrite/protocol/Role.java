package dev.unwrite.protocol;

import java.util.Locale;

/** What a host does at the moment. The role follows the ownership record. */
public enum Role {
    /** Neither runs the machine nor mirrors it; begins here after a start ({@link Action.Restart}). */
    IDLE,
    /** Runs the machine. Entered by {@link Action.Resume} or {@link Action.ColdRead}, left by {@link Action.StepDown}. */
    PRIMARY,
    /** Mirrors the machine. Entered by {@link Action.FollowJoin} or {@link Action.BecomeSecondary}. */
    SECONDARY,
    /** Writes copies back. Entered by {@link Action.TakeOver} or {@link Action.RestartRollback}. */
    RESTORING,
    /** Owns the storage and has not read it yet. Entered by the actions that start cold. */
    COLD;

    /** The spelling in the specification, in traces and in the status. */
    public String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }
}
