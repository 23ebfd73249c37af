/** What is checked after a run; each check answers with a verdict and its evidence. */
@NullMarked
package dev.unwrite.chaos.check;

import org.jspecify.annotations.NullMarked;
