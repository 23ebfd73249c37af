------------------------------- MODULE NoReach -------------------------------
EXTENDS Naturals, Sequences, UnwriteTraceReader
VARIABLE next
Spec == next = 1 /\ [][next <= Len(TraceEvents) /\ next' = next + 1]_next
NotAccepted == next <= Len(TraceEvents)
=============================================================================
