package dev.unwrite.protocol;

/** The checkpoint that is committed in a host's local storage: its term and the epoch that begins with it. */
public record Checkpoint(long term, long epoch) {}
