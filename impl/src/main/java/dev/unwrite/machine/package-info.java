/**
 * The machine that a node protects: {@link dev.unwrite.machine.Machine}. There are two: {@link dev.unwrite.machine.NoMachine},
 * for clients that connect over NBD, and the ledger, a small bank whose answers can be checked.
 */
@NullMarked
package dev.unwrite.machine;

import org.jspecify.annotations.NullMarked;
