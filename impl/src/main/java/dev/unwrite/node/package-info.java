/**
 * The process around a host: sockets, disks, threads, the clock. {@link dev.unwrite.node.Loop} owns the host; each of the
 * shells carries its orders out and posts what came of them, and decides nothing: {@link dev.unwrite.node.StorageShell},
 * {@link dev.unwrite.node.DiskShell}, {@link dev.unwrite.node.PeerShell}, {@link dev.unwrite.node.MachineShell},
 * {@link dev.unwrite.node.VolumeShell}. {@link dev.unwrite.node.Node} puts them together.
 */
@NullMarked
package dev.unwrite.node;

import org.jspecify.annotations.NullMarked;
