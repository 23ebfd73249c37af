/** What a run leaves behind: results.json for programs and report.html for people. */
@NullMarked
package dev.unwrite.chaos.report;

import org.jspecify.annotations.NullMarked;
