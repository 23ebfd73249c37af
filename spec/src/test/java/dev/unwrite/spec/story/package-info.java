@NullMarked
package dev.unwrite.spec.story;

import org.jspecify.annotations.NullMarked;
