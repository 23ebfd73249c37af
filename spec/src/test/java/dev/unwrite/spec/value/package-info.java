@NullMarked
package dev.unwrite.spec.value;

import org.jspecify.annotations.NullMarked;
