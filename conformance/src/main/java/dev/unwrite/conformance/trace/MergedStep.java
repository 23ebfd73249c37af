package dev.unwrite.conformance.trace;

import org.jspecify.annotations.Nullable;

/**
 * A step of the specification.
 *
 * @param action its name in UnwriteTrace.tla
 * @param json the line that TLC reads
 * @param source the event that it stands for, or the one that proves it
 * @param hidden why nobody recorded it, or null if it was recorded
 */
record MergedStep(
        String action,
        String json,
        TraceEvent source,
        @Nullable String hidden) {}
