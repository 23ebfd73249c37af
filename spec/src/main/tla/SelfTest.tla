------------------------------ MODULE SelfTest ------------------------------
(***************************************************************************)
(* Nothing of the protocol: a counter and its copy, that can be broken in  *)
(* one way for each kind of thing that TLC checks.  Each of these must be  *)
(* noticed, so that a checker that cannot fail is noticed.                 *)
(***************************************************************************)
EXTENDS Naturals

CONSTANT Broken \* what is wrong: a set of "Step", "Fairness", "End"

VARIABLES count, copy
vars == <<count, copy>>

Last == 4

Init == count = 0 /\ copy = 0

Step ==
  /\ count < Last
  /\ count' = count + (IF "Step" \in Broken THEN 3 ELSE 1)
  /\ UNCHANGED copy

Copy == copy # count /\ copy' = count /\ UNCHANGED count

Done == count >= Last /\ copy = count /\ "End" \notin Broken /\ UNCHANGED vars

Next == Step \/ Copy \/ Done

Spec ==
  /\ Init /\ [][Next]_vars
  /\ WF_vars(Step)
  /\ "Fairness" \notin Broken => WF_vars(Copy)

Bounded == count <= Last
ByOne == [][count' - count \in {0, 1}]_vars
Copied == count = Last ~> copy = Last

Abstract == INSTANCE Counting WITH n <- count
Refines == Abstract!Spec
=============================================================================
