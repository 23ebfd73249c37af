@NullMarked
package dev.unwrite.chaos;

import org.jspecify.annotations.NullMarked;
