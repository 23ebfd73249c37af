@NullMarked
package dev.unwrite.conformance.cluster;

import org.jspecify.annotations.NullMarked;
