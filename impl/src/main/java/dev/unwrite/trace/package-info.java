/**
 * Writes traces: each protocol step of a node ({@link dev.unwrite.trace.TraceWriter}) and each effect at the storage
 * ({@link dev.unwrite.trace.StorageTrace}) is one line of JSON. {@code conformance/README.md} documents the format.
 */
@NullMarked
package dev.unwrite.trace;

import org.jspecify.annotations.NullMarked;
