package dev.unwrite.host;

/** Who carries out what a host orders. */
public record Surroundings(
        PeerChannel peer, SharedStorage storage, LocalStore store, MachineRoom room, Listener listener) {}
