package dev.unwrite.chaos.campaign;

/**
 * A fault that struck, as it is reported.
 *
 * @param step faults of the same step were there together
 * @param at nanoseconds since 1970, as {@code healedAt}
 * @param hit the computers
 * @param seen what shows that it took effect; empty where nothing does
 */
public record Struck(
        int step, long at, long healedAt, String fault, String title, String target, String hit, String seen) {
    /** Whether it took effect. */
    public boolean tookEffect() {
        return !seen.isEmpty();
    }
}
