/**
 * Two hosts of the kind that ships, with the real undo log, checkpoint store, storage core and frames, in one thread and
 * in simulated time: {@link dev.unwrite.conformance.cluster.Cluster} runs a list of moves and checks every property.
 *
 * <ol>
 *   <li>{@link dev.unwrite.conformance.cluster.Move}: what can happen.
 *   <li>{@link dev.unwrite.conformance.cluster.Cluster}: the two processes and what is between them.
 *   <li>{@link dev.unwrite.conformance.cluster.SimHost}: one host, life after life, on its disk.
 *   <li>{@link dev.unwrite.conformance.cluster.SimStorage}, {@link dev.unwrite.conformance.cluster.Line},
 *       {@link dev.unwrite.conformance.cluster.SimStore}, {@link dev.unwrite.conformance.cluster.Room}: what carries out
 *       the orders of a host.
 *   <li>{@link dev.unwrite.conformance.cluster.History}: what a machine may read, and what must survive.
 *   <li>{@link dev.unwrite.conformance.cluster.Checks}: the properties.
 *   <li>{@link dev.unwrite.conformance.cluster.StoryCommands}: runs that are told to people.
 * </ol>
 */
@NullMarked
package dev.unwrite.conformance.cluster;

import org.jspecify.annotations.NullMarked;
