@NullMarked
package dev.unwrite.spec.tlc;

import org.jspecify.annotations.NullMarked;
