/**
 * What a host does: a deterministic state machine. It takes one event at a time and gives orders. It has no thread, clock,
 * lock, socket, file or random number, so the node and the simulator run the same code.
 *
 * <p>Read in this order; each line names the method to start with.
 *
 * <ol>
 *   <li>The events: {@link dev.unwrite.host.Host}. All of them arrive there; {@link dev.unwrite.host.Host#tick} does what is
 *       due at the end of a turn.
 *   <li>The rules: {@link dev.unwrite.host.Core#take} is the only caller of {@link dev.unwrite.protocol.Protocol#step};
 *       {@code Host.perform} hands each effect to one part.
 *   <li>Write: {@link dev.unwrite.host.Writes#write}, then {@code admit}: the write begins once nothing overlaps it.
 *   <li>Ask: the effect {@code SendPreserve} asks the secondary for a copy; {@link dev.unwrite.host.Peer} asks again if need be.
 *   <li>Copy: {@link dev.unwrite.host.Copies#readAndStore}, at the secondary, reads the old data and appends it to the log.
 *   <li>Acknowledge: the effect {@code SendPreserved}; {@link dev.unwrite.host.Acknowledged} remembers how far it went.
 *   <li>Overwrite: {@link dev.unwrite.host.Writes#ready}, by the effect {@code Ready}: the block goes to the storage.
 *   <li>Cut: {@link dev.unwrite.host.Cuts#cut} pauses the machine, drains writes, flushes and saves the state.
 *   <li>Commit: {@link dev.unwrite.host.StatesSent#send}, {@link dev.unwrite.host.StatesReceived} at the secondary, and back
 *       to {@link dev.unwrite.host.Cuts#committed}; then {@link dev.unwrite.host.Outputs#release} lets output go.
 *   <li>Rollback: {@link dev.unwrite.host.Takeover#takeOver}, {@code proceed} and {@link dev.unwrite.host.Rollback}.
 *   <li>The storage: {@link dev.unwrite.host.Sessions} replaces broken sessions, {@link dev.unwrite.host.OwnershipChannel}
 *       reads and changes the record, {@link dev.unwrite.host.Flushes} flushes.
 *   <li>Decisions: {@link dev.unwrite.host.Policy} says when to cut, go alone, join or take over;
 *       {@link dev.unwrite.host.Orders} carries out what people ask for.
 * </ol>
 *
 * <p>The orders are the interfaces {@link dev.unwrite.host.PeerChannel}, {@link dev.unwrite.host.SharedStorage},
 * {@link dev.unwrite.host.LocalStore} and {@link dev.unwrite.host.MachineRoom}. An order returns at once and ends in one
 * {@link dev.unwrite.host.Reply}, which is an event like any other.
 */
@NullMarked
package dev.unwrite.host;

import org.jspecify.annotations.NullMarked;
