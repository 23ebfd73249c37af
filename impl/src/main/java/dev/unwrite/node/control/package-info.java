/** The control server of a node: HTTP with JSON for operators and programs, Prometheus text for monitoring. */
@NullMarked
package dev.unwrite.node.control;

import org.jspecify.annotations.NullMarked;
