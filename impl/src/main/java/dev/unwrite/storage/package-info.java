/** The shared storage: backends, ownership record, sessions and fencing. */
@NullMarked
package dev.unwrite.storage;

import org.jspecify.annotations.NullMarked;
