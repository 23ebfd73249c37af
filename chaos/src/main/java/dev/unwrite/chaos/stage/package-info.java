/** Where a campaign plays: computers with an address and a disk of their own, as containers, in network namespaces, or plain. */
@NullMarked
package dev.unwrite.chaos.stage;

import org.jspecify.annotations.NullMarked;
