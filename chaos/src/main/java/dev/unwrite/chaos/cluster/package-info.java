/** A storage, two nodes and their clients as things that can be started, killed and asked how they are. */
@NullMarked
package dev.unwrite.chaos.cluster;

import org.jspecify.annotations.NullMarked;
