/** What runs on a protected volume. */
@NullMarked
package dev.unwrite.machine;

import org.jspecify.annotations.NullMarked;
