/** The operators of the specification that are written in Java; TLC looks for them in this package. */
@NullMarked
package tlc2.overrides;

import org.jspecify.annotations.NullMarked;
