/** Files and folders that are for one user alone. */
@NullMarked
package dev.unwrite.files;

import org.jspecify.annotations.NullMarked;
