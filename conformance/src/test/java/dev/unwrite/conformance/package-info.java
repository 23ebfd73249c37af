@NullMarked
package dev.unwrite.conformance;

import org.jspecify.annotations.NullMarked;
