/** Files and folders that are for one user alone, and the holes of files. */
@NullMarked
package dev.unwrite.files;

import org.jspecify.annotations.NullMarked;
