package dev.unwrite.chaos.check;

import java.util.List;

/**
 * What one check found.
 *
 * @param name short and stable, for programs
 * @param title what is claimed, for people
 * @param evidence what was looked at and found; never empty
 */
public record CheckResult(String name, String title, Verdict verdict, List<String> evidence) {
    /** Copies the evidence. */
    public CheckResult {
        evidence = List.copyOf(evidence);
        if (evidence.isEmpty()) {
            throw new IllegalArgumentException("the check " + name + " has no evidence");
        }
    }
}
