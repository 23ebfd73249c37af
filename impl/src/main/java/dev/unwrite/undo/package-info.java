/**
 * The durable undo log of the secondary: {@link dev.unwrite.undo.UndoLog}.
 *
 * <p>The log is a queue of preallocated files (segments). A batch of copies is one or more <em>frames</em>: a header
 * page with a line for each record, then the old contents, all in pages of 4 KiB, so that no page that was ever
 * acknowledged is written again. Blocks of zeroes are a record of their own, of any number of blocks, whose line in the
 * header says so and which has no contents: what was trimmed or never written costs the log 24 bytes, and the header if
 * nothing else is in the batch. Records are numbered without gaps. Each frame says up to which record the log was
 * known to be durable when the frame was written; {@link dev.unwrite.undo.LogRecovery} tells a torn tail from damage by
 * that.
 */
@NullMarked
package dev.unwrite.undo;

import org.jspecify.annotations.NullMarked;
