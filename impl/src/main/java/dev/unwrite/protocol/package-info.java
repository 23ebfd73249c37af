/**
 * The protocol as pure functions: what a host may do. No I/O, threads, clocks or randomness.
 *
 * <ol>
 *   <li>{@link dev.unwrite.protocol.Action}: the steps, by the names of {@code Unwrite.tla}.
 *   <li>{@link dev.unwrite.protocol.HostState}: what a host knows.
 *   <li>{@link dev.unwrite.protocol.Protocol#step}: takes a step, or refuses it.
 *   <li>{@link dev.unwrite.protocol.Effect}: what the caller has to do afterwards.
 *   <li>The steps themselves: {@link dev.unwrite.protocol.PrimarySteps}, {@link dev.unwrite.protocol.FlushSteps},
 *       {@link dev.unwrite.protocol.SecondarySteps}, {@link dev.unwrite.protocol.RecordSteps},
 *       {@link dev.unwrite.protocol.TakeoverSteps}.
 * </ol>
 */
@NullMarked
package dev.unwrite.protocol;

import org.jspecify.annotations.NullMarked;
