/** What a secondary keeps on its own disk, behind one class: {@link dev.unwrite.store.LocalDisk}. */
@NullMarked
package dev.unwrite.store;

import org.jspecify.annotations.NullMarked;
