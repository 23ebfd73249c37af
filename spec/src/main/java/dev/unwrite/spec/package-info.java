@NullMarked
package dev.unwrite.spec;

import org.jspecify.annotations.NullMarked;
