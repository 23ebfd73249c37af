------------------------ MODULE CheckpointedMachine ------------------------
(***************************************************************************)
(* What a user may rely on, on one page.                                   *)
(*                                                                         *)
(* There is one machine with one disk, and people outside who hear what it *)
(* says.  Machine and disk move together.  While the machine is protected, *)
(* a failure takes both back to one checkpoint, the saved one, and never   *)
(* behind what the outside has seen.  An unprotected machine that fails    *)
(* starts again from its disk, as any machine does, and that disk has      *)
(* everything that the outside has seen.                                   *)
(*                                                                         *)
(* The state of the machine is drawn as what it remembers of each block;   *)
(* later values of a block are greater than earlier ones.                  *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS Block, Nothing

VARIABLES
  machine,  \* the state of the machine; Nothing while it is down
  disk,     \* what the machine would read; Nothing while it is down
  saved,    \* the checkpoint to which a failure would go back; Nothing while unprotected
  taken,    \* checkpoints taken that are not saved yet
  seen      \* for each block the newest value of which the outside has heard

vars == <<machine, disk, saved, taken, seen>>

State == [Block -> Nat]
Upto(s, t) == \A b \in Block : s[b] <= t[b]

Init ==
  /\ machine \in State
  /\ disk = machine
  /\ saved \in {machine, Nothing}
  /\ taken = {}
  /\ seen = machine

\* The machine does something: it and its disk change in one step.
Work ==
  /\ machine # Nothing
  /\ machine' # Nothing
  /\ \E b \in Block :
       /\ machine'[b] > machine[b]
       /\ machine' = [machine EXCEPT ![b] = machine'[b]]
       /\ disk' = [disk EXCEPT ![b] = machine'[b]]
  /\ UNCHANGED <<saved, taken, seen>>

Take ==
  /\ machine # Nothing
  /\ taken' = taken \cup {machine}
  /\ UNCHANGED <<machine, disk, saved, seen>>

\* A checkpoint that was taken becomes the one to which a failure goes back.
\* The first one protects the machine, so it must have all that was seen.
Save ==
  /\ saved' \in taken
  /\ Upto(seen, saved')
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, seen>>

Forget ==
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, saved, seen>>

Unprotect ==
  /\ saved # Nothing
  /\ saved' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, seen>>

(***************************************************************************)
(* The outside hears no more than what a failure would bring back.  While  *)
(* an unprotected machine is down, words that it said earlier may still    *)
(* arrive; ColdStart answers for them.                                     *)
(***************************************************************************)
Speak ==
  /\ Upto(seen, seen')
  /\ saved # Nothing => Upto(seen', saved)
  /\ saved = Nothing /\ machine # Nothing => Upto(seen', machine)
  /\ UNCHANGED <<machine, disk, saved, taken>>

Fail ==
  /\ machine # Nothing
  /\ machine' = Nothing /\ disk' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED <<saved, seen>>

\* After a failure of a protected machine: both are back at the checkpoint.
Resume ==
  /\ machine = Nothing /\ saved # Nothing
  /\ machine' = saved /\ disk' = saved
  /\ saved' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED seen

\* After a failure of an unprotected machine (or when it gives up its checkpoint).
ColdStart ==
  /\ machine = Nothing /\ saved = Nothing
  /\ machine' # Nothing /\ machine' \in State /\ disk' = machine'
  /\ Upto(seen, machine')
  /\ taken' \subseteq taken
  /\ UNCHANGED <<saved, seen>>

Next == Work \/ Take \/ Save \/ Forget \/ Unprotect \/ Speak \/ Fail \/ Resume \/ ColdStart

Spec == Init /\ [][Next]_vars
=============================================================================
