/** Values of TLA+ as TLC prints them. */
@NullMarked
package dev.unwrite.spec.value;

import org.jspecify.annotations.NullMarked;
