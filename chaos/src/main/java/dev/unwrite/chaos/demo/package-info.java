/** The scripted run behind unwrite demo. */
@NullMarked
package dev.unwrite.chaos.demo;

import org.jspecify.annotations.NullMarked;
