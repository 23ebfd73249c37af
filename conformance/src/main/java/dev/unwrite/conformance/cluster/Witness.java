package dev.unwrite.conformance.cluster;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.HostState;

/** Hears what happens in a cluster, at the moment at which it happens, and changes nothing. */
interface Witness {
    /** Hears nothing. */
    Witness NONE = new Witness() {};

    /** A host took a step of the protocol. */
    default void step(SimHost host, HostState before, Action action, HostState after) {}

    /** A message went out; parts of a state are not told. */
    default void sent(SimHost from, SimHost to, PeerMessage message) {}

    /** A message arrived, and is about to be looked at. */
    default void got(SimHost host, PeerMessage message) {}

    /** A request went out to the storage. */
    default void asked(Request<?> request) {}

    /** A request arrived at the storage, and was carried out or refused. */
    default void arrived(Request<?> request, SimStorage storage) {}

    /** The host told its machine to do something. */
    default void machine(SimHost host, String what) {}

    /** A client's write was answered. */
    default void answered(SimHost host, History.Write write) {}

    /** A client's flush was answered. */
    default void flushed(SimHost host) {}

    /** A client, or a machine that starts, has read cells. */
    default void read(SimHost host, int firstCell, int[] values) {}

    /** The outside heard of a write. */
    default void heard(History.Write write) {}

    /** A host gave up: its process is about to end. */
    default void ended(SimHost host, String why) {}
}
