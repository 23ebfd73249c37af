@org.jspecify.annotations.NullMarked
package dev.unwrite.conformance.sim;
