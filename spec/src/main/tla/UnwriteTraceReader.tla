------------------------- MODULE UnwriteTraceReader -------------------------
(***************************************************************************)
(* A recorded trace as a sequence.  Both operators are written in Java     *)
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

\* TRUE, and writes the value down: what a person should know of a rejection.
Report(value) == TRUE
=============================================================================
