/** A small guest of QEMU that shows whether it goes on where it stood: for tests and the demo of the machine {@code qemu}. */
@NullMarked
package dev.unwrite.chaos.vm;

import org.jspecify.annotations.NullMarked;
