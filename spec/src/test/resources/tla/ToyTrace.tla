------------------------------ MODULE ToyTrace ------------------------------
EXTENDS Naturals, Sequences, UnwriteTraceReader

CONSTANT Max

VARIABLES count, next

Init == count = 0 /\ next = 1

Event(name) ==
  /\ next <= Len(TraceEvents)
  /\ TraceEvents[next].event = name
  /\ next' = next + 1

Add ==
  /\ Event("Add")
  /\ TraceEvents[next].amounts[1] \in Nat
  /\ count' = count + TraceEvents[next].amounts[1]
  /\ count' = TraceEvents[next].after.count
  /\ count' <= Max

Reset ==
  /\ Event("Reset")
  /\ TraceEvents[next].hard
  /\ count' = 0

Spec == Init /\ [][Add \/ Reset]_<<count, next>>

NotAccepted == Reached(next) /\ next <= Len(TraceEvents)
=============================================================================
