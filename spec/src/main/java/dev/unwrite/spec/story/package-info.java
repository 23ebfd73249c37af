/** Tells a counterexample as a person would. */
@NullMarked
package dev.unwrite.spec.story;

import org.jspecify.annotations.NullMarked;
