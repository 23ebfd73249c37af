/**
 * The machine {@code qemu}: an unmodified QEMU with an unmodified guest. Its arguments are a file of the user's ({@link
 * dev.unwrite.machine.qemu.GuestFile}); the node adds memory that it can see, a disk for each volume, and filters that hold
 * what the guest sends (rule HoldOutput).
 *
 * <p>A checkpoint is the state of the devices, as QEMU's migration writes it while the guest is stopped and its memory shared
 * (capability {@code x-ignore-shared}), and the pages of the memory.
 *
 * <p>Read {@link dev.unwrite.machine.qemu.QemuMachine} first.
 */
@NullMarked
package dev.unwrite.machine.qemu;

import org.jspecify.annotations.NullMarked;
