/** The NBD protocol: wire format, server and client. Knows nothing of terms, epochs or hosts. */
@NullMarked
package dev.unwrite.nbd;

import org.jspecify.annotations.NullMarked;
