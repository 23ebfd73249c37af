package dev.unwrite.host;

/** What carries out the orders of a host. */
public record Surroundings(
        PeerChannel peer, SharedStorage storage, LocalStore store, MachineRoom room, Listener listener) {}
