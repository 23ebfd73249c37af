/** Holds the protocol's code to the state graph of its specification, edge by edge. */
@NullMarked
package dev.unwrite.conformance.graph;

import org.jspecify.annotations.NullMarked;
