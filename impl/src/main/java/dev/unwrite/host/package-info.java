/**
 * What a host does: a deterministic state machine. One event in, what follows out; no thread, clock, lock, socket, file or
 * random number. Read in this order:
 *
 * <ol>
 *   <li>{@link dev.unwrite.host.Host}: the events, and which part takes which.
 *   <li>{@link dev.unwrite.host.Core}: where {@link dev.unwrite.protocol.Protocol#step} is called, and effects are handed on.
 *   <li>{@link dev.unwrite.host.Writes}: the way of a write; {@link dev.unwrite.host.Copies}: the secondary reads and stores
 *       what it overwrites, and acknowledges.
 *   <li>{@link dev.unwrite.host.Cuts}, {@link dev.unwrite.host.StatesSent}, {@link dev.unwrite.host.StatesReceived}: a
 *       checkpoint, from the cut to the commit.
 *   <li>{@link dev.unwrite.host.Takeover}: takeover, rollback, cold start.
 *   <li>{@link dev.unwrite.host.Sessions}, {@link dev.unwrite.host.OwnershipChannel}: what it has to do with the storage.
 *   <li>{@link dev.unwrite.host.Policy}: whom to wait for, how long, when to go alone, to join, to take over.
 * </ol>
 *
 * What it has done for it stands in {@link dev.unwrite.host.PeerChannel}, {@link dev.unwrite.host.SharedStorage},
 * {@link dev.unwrite.host.LocalStore} and {@link dev.unwrite.host.MachineRoom}: each order returns at once and ends in one
 * {@link dev.unwrite.host.Reply}, which is an event like any other.
 */
@NullMarked
package dev.unwrite.host;

import org.jspecify.annotations.NullMarked;
