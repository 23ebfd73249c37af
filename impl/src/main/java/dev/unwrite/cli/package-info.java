/** The command line. */
@NullMarked
package dev.unwrite.cli;

import org.jspecify.annotations.NullMarked;
