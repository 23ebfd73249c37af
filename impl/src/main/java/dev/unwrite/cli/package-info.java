/**
 * The command line. {@link dev.unwrite.cli.Main} finds the commands; {@link dev.unwrite.cli.Failures} turns each failure into
 * one line and a code of {@link dev.unwrite.cli.Exit}.
 */
@NullMarked
package dev.unwrite.cli;

import org.jspecify.annotations.NullMarked;
