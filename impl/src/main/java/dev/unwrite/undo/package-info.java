/**
 * The durable undo log of the secondary: {@link dev.unwrite.undo.UndoLog}.
 *
 * <p>The log is a queue of preallocated files (segments). A batch of copies is one or more <em>frames</em>: a header
 * page with a line for each record, then the old contents, all in pages of 4 KiB, so that no page that was ever
 * acknowledged is written again. Records are numbered without gaps. Each frame says up to which record the log was
 * known to be durable when the frame was written; {@link dev.unwrite.undo.Recovery} tells a torn tail from damage by
 * that.
 */
@NullMarked
package dev.unwrite.undo;

import org.jspecify.annotations.NullMarked;
