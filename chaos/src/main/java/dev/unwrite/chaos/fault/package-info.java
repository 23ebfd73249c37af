/** What a campaign breaks: each fault with its targets, what it needs, how it is seen to take effect, and how it is healed. */
@NullMarked
package dev.unwrite.chaos.fault;

import org.jspecify.annotations.NullMarked;
