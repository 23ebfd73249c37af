/** The state graph of a model, as TLC finds it: every state with its variables, every step with action and parameters. */
@NullMarked
package dev.unwrite.spec.graph;

import org.jspecify.annotations.NullMarked;
