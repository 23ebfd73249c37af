@NullMarked
package dev.unwrite.spec.trace;

import org.jspecify.annotations.NullMarked;
