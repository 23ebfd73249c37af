------------------------ MODULE CheckpointedMachine ------------------------
(***************************************************************************)
(* What a user may rely on, on one page.                                   *)
(*                                                                         *)
(* There is one machine with one disk, and people outside who hear what it *)
(* says.  Machine and disk move together.  While the machine is protected, *)
(* a failure takes both back to one checkpoint, the saved one, and never   *)
(* behind what the outside has seen.  An unprotected machine that fails    *)
(* starts again from its disk, as any machine does, and that disk has      *)
(* everything that the outside has seen, and everything flushed.           *)
(*                                                                         *)
(* A flush that is answered has flushed; a write with FUA is one with a    *)
(* flush of its block.  Whatever fails, what was flushed is there when the *)
(* machine starts again from its disk.  Only a machine that is taken back  *)
(* to its checkpoint loses what it flushed since, as it loses its memory   *)
(* of having flushed it.                                                   *)
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
  seen,     \* for each block the newest value of which the outside has heard
  flushed   \* for each block the newest value that is flushed

vars == <<machine, disk, saved, taken, seen, flushed>>

State == [Block -> Nat]
Upto(s, t) == \A b \in Block : s[b] <= t[b]
Meet(s, t) == [b \in Block |-> IF s[b] < t[b] THEN s[b] ELSE t[b]]

Init ==
  /\ machine \in State
  /\ disk = machine
  /\ saved \in {machine, Nothing}
  /\ taken = {}
  /\ seen = machine
  /\ flushed = machine

\* The machine does something: it and its disk change in one step.
Work ==
  /\ machine # Nothing
  /\ machine' # Nothing
  /\ \E b \in Block :
       /\ machine'[b] > machine[b]
       /\ machine' = [machine EXCEPT ![b] = machine'[b]]
       /\ disk' = [disk EXCEPT ![b] = machine'[b]]
  /\ UNCHANGED <<saved, taken, seen, flushed>>

\* A flush, or a write with FUA, is answered: all that the machine had written when it asked.
Flush ==
  /\ machine # Nothing
  /\ Upto(flushed, flushed') /\ Upto(flushed', machine)
  /\ UNCHANGED <<machine, disk, saved, taken, seen>>

Take ==
  /\ machine # Nothing
  /\ taken' = taken \cup {machine}
  /\ UNCHANGED <<machine, disk, saved, seen, flushed>>

\* A checkpoint that was taken becomes the one to which a failure goes back.
\* The first one protects the machine, so it must have all that was seen.
Save ==
  /\ saved' \in taken
  /\ Upto(seen, saved')
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, seen, flushed>>

Forget ==
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, saved, seen, flushed>>

Unprotect ==
  /\ saved # Nothing
  /\ saved' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED <<machine, disk, seen, flushed>>

(***************************************************************************)
(* The outside hears no more than what a failure would bring back.  While  *)
(* an unprotected machine is down, words that it said earlier may still    *)
(* arrive; ColdStart answers for them.                                     *)
(***************************************************************************)
Speak ==
  /\ Upto(seen, seen')
  /\ saved # Nothing => Upto(seen', saved)
  /\ saved = Nothing /\ machine # Nothing => Upto(seen', machine)
  /\ UNCHANGED <<machine, disk, saved, taken, flushed>>

Fail ==
  /\ machine # Nothing
  /\ machine' = Nothing /\ disk' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED <<saved, seen, flushed>>

\* It is decided that a protected machine, which failed or is given up now, goes back to its checkpoint.
GoBack ==
  /\ saved # Nothing
  /\ machine' = Nothing /\ disk' = Nothing
  /\ flushed' = Meet(flushed, saved)
  /\ taken' \subseteq taken
  /\ UNCHANGED <<saved, seen>>

\* ... and goes on: both are back at the checkpoint.
Resume ==
  /\ machine = Nothing /\ saved # Nothing
  /\ Upto(flushed, saved)
  /\ machine' = saved /\ disk' = saved
  /\ saved' = Nothing
  /\ taken' \subseteq taken
  /\ UNCHANGED <<seen, flushed>>

\* After a failure of an unprotected machine (or when it gives up its checkpoint).
ColdStart ==
  /\ machine = Nothing /\ saved = Nothing
  /\ machine' # Nothing /\ machine' \in State /\ disk' = machine'
  /\ Upto(seen, machine') /\ Upto(flushed, machine')
  /\ taken' \subseteq taken
  /\ UNCHANGED <<saved, seen, flushed>>

Next ==
  \/ Work \/ Flush \/ Take \/ Save \/ Forget \/ Unprotect \/ Speak
  \/ Fail \/ GoBack \/ Resume \/ ColdStart

Spec == Init /\ [][Next]_vars
=============================================================================
