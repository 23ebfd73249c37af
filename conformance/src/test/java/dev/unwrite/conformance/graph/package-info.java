@NullMarked
package dev.unwrite.conformance.graph;

import org.jspecify.annotations.NullMarked;
