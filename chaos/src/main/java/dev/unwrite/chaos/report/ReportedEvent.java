package dev.unwrite.chaos.report;

import dev.unwrite.chaos.cluster.HostId;

/**
 * One line of a trace, as far as a picture needs it.
 *
 * @param at nanoseconds since 1970, for display only
 * @param epoch of the checkpoint or copy, -1 where the line has none
 */
public record ReportedEvent(long at, HostId host, String action, long epoch) {}
