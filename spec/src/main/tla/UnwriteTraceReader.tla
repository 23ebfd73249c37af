------------------------- MODULE UnwriteTraceReader -------------------------
(***************************************************************************)
(* Recorded traces as sequences.  The operators are written in Java        *)
(* (dev.unwrite.spec.trace.UnwriteTraceReader); what stands here only      *)
(* gives them their names.                                                 *)
(***************************************************************************)
EXTENDS Naturals

\* The events of the file that the system property unwrite.trace names, one
\* line of JSON each: a sequence of records; an array is a sequence.
TraceEvents == CHOOSE events : FALSE

\* TRUE, and remembers the greatest i ever asked for, so that a trace that is
\* not accepted can be told by its first event that fits no step.
Reached(i) == TRUE

\* Many traces at once: a sequence of sequences of events.  Each is judged by itself.
TraceRuns == CHOOSE runs : FALSE

\* For each run the number of the event that is to be explained; 0 for none.
TraceQuestions == CHOOSE questions : FALSE

\* As Reached, for each run by itself.
ReachedIn(run, i) == TRUE

\* TRUE, and remembers the edge, if EdgesWanted.
Edge(from, action, to) == TRUE
EdgesWanted == FALSE

\* TRUE, and writes the value down: what a person should know of a rejection.
Report(value) == TRUE
=============================================================================
