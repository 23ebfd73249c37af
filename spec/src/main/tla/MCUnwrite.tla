----------------------------- MODULE MCUnwrite -----------------------------
(***************************************************************************)
(* Unwrite with bounds, so that TLC can visit every state.  The actions    *)
(* keep their names.                                                       *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  Host, Block, None, Off,
  First,          \* the host that runs the machine at the start; None if nobody does
  Protected,      \* whether the start is a protected pair
  MaxWrites, MaxEpoch, MaxTerm, MaxCuts,
  HostCrashes, StorageCrashes,
  Reconnects,     \* new sessions while the storage did not crash
  Forced          \* cold starts of a protected owner, ordered by a person

VARIABLES
  disk, cache, record, session, wire, replies, net, role, term, mode, epoch, mine,
  mem, pending, sent, kept, dirty, cuts, safe, staged, reading, log, ckpt, seen,
  spent  \* what was used of the bounds

U == INSTANCE Unwrite

vars == <<U!vars, spent>>

\* Blocks are alike, so states that differ in their names only are one.  Not for liveness.
Blocks == Permutations(Block)

(***************************************************************************)
(* What tells states apart, as long as all rules are followed: nobody acts *)
(* on a message of an earlier term than the record's and his own, on a     *)
(* write that the storage will never again admit, or on an answer to an    *)
(* earlier session; terms and sessions only grow.  So states that differ   *)
(* in such leftovers only have the same future.                            *)
(***************************************************************************)
Alive ==
  <<{m \in net : m.term >= record.term \/ m.term = term[m.to]},
    {w \in wire : U!Admitted(w)},
    {w \in replies : w.session = mine[w.host]},
    disk, cache, record, session, role, term, mode, epoch, mine,
    mem, pending, sent, kept, dirty, cuts, safe, staged, reading, log, ckpt, seen, spent>>

Init ==
  /\ IF First = None THEN U!InitNobody ELSE U!InitAs(Protected, First)
  /\ spent = [writes |-> 0, crashes |-> 0, storage |-> 0, reconnects |-> 0, forced |-> 0]

Spend(what, limit) ==
  /\ spent[what] < limit
  /\ spent' = [spent EXCEPT ![what] = @ + 1]

Free == spent' = spent

MachineWrite(h, b) == U!MachineWrite(h, b, spent.writes + 2) /\ Spend("writes", MaxWrites)
RecvPreserved(h) == (\E m \in net : U!RecvPreserved(h, m)) /\ Free
SendWrite(h, b) == U!SendWrite(h, b) /\ Free
Apply == (\E w \in wire : U!Apply(w)) /\ Free
WriteDone(h, b) == U!WriteDone(h, b) /\ Free
Flush(h) == U!Flush(h, dirty[h]) /\ Free
Cut(h) == epoch[h] < MaxEpoch /\ Cardinality(cuts[h]) < MaxCuts /\ U!Cut(h) /\ Free
LearnCommitted(h) == (\E m \in net : U!LearnCommitted(h, m)) /\ Free
Speak(h) == U!Speak(h) /\ Free
FollowJoin(h) == U!FollowJoin(h) /\ Free
BecomeSecondary(h) == U!BecomeSecondary(h) /\ Free
ReadOld(h) == (\E m \in net : U!ReadOld(h, m)) /\ Free
StoreCopy(h) == (\E c \in reading[h] : U!StoreCopy(h, c)) /\ Free
StagePart(h) == (\E m \in net : U!StagePart(h, m)) /\ Free
Commit(h) == (\E e \in {m.epoch : m \in staged[h]} : U!Commit(h, e)) /\ Free
GoAlone(h) == U!GoAlone(h) /\ Free
Learn(h) == U!Learn(h) /\ Free
StartJoin(h) == epoch[h] < MaxEpoch /\ U!StartJoin(h) /\ Free
Protect(h) == U!Protect(h) /\ Free
AbortJoin(h) == U!AbortJoin(h) /\ Free
StepDown(h) == U!StepDown(h) /\ Free
OpenSession(h) ==
  /\ U!OpenSession(h)
  /\ IF U!Connected(h) THEN Spend("reconnects", Reconnects) ELSE Free
TakeOver(h) == record.term < MaxTerm /\ U!TakeOver(h) /\ Free
RestartRollback(h) == U!RestartRollback(h) /\ Free
FinishRollback(h) == U!FinishRollback(h) /\ Free
Resume(h) == U!Resume(h) /\ Free
Bootstrap(h) == record.term < MaxTerm /\ U!Bootstrap(h) /\ Free
ColdStart(h) == record.term < MaxTerm /\ U!ColdStart(h) /\ Free
ForceColdStart(h) == record.term < MaxTerm /\ U!ForceColdStart(h) /\ Spend("forced", Forced)
ColdRead(h) == U!ColdRead(h) /\ Free
Crash(h) == U!Crash(h) /\ Spend("crashes", HostCrashes)
Restart(h) == U!Restart(h) /\ Free
\* A block reaches the disk by itself only just before its next version replaces it in
\* the cache, and only while a crash of the storage is to come.  Nothing is lost by that:
\* until then nobody but a crash can tell, and a crash may keep any block.
Destage(b) ==
  /\ spent.storage < StorageCrashes
  /\ \E w \in wire : w.block = b /\ U!Admitted(w)
  /\ U!Destage(b) /\ Free
StorageCrash ==
  /\ \E Lost \in SUBSET {b \in Block : cache[b] # disk[b]} : U!StorageCrash(Lost)
  /\ Spend("storage", StorageCrashes)

Next ==
  \/ \E h \in Host :
       \/ \E b \in Block : MachineWrite(h, b) \/ SendWrite(h, b) \/ WriteDone(h, b)
       \/ RecvPreserved(h) \/ LearnCommitted(h) \/ ReadOld(h) \/ StagePart(h)
       \/ StoreCopy(h) \/ Commit(h)
       \/ Flush(h) \/ Cut(h) \/ Speak(h)
       \/ FollowJoin(h) \/ BecomeSecondary(h)
       \/ GoAlone(h) \/ Learn(h) \/ StartJoin(h) \/ Protect(h) \/ AbortJoin(h) \/ StepDown(h)
       \/ OpenSession(h)
       \/ TakeOver(h) \/ RestartRollback(h) \/ FinishRollback(h) \/ Resume(h)
       \/ Bootstrap(h) \/ ColdStart(h) \/ ForceColdStart(h) \/ ColdRead(h)
       \/ Crash(h) \/ Restart(h)
  \/ Apply
  \/ \E b \in Block : Destage(b)
  \/ StorageCrash

Spec == Init /\ [][Next]_vars

Recoverable == U!Recoverable
Consistent == U!Consistent
OneOwner == U!OneOwner
NoOutputLost == U!NoOutputLost
CheckpointedMachine == U!Abstract!Spec

-----------------------------------------------------------------------------
(***************************************************************************)
(* Liveness.  Each step that a host or the storage owes is fair; faults,   *)
(* suspicions, and what a person or the machine does of its own will are   *)
(* not.                                                                    *)
(***************************************************************************)
Fairness ==
  /\ \A h \in Host :
       /\ \A b \in Block : WF_vars(SendWrite(h, b)) /\ WF_vars(WriteDone(h, b))
       /\ \A b \in Block : WF_vars(\E m \in net : m.type = "Preserved" /\ m.block = b /\ U!RecvPreserved(h, m) /\ Free)
       /\ WF_vars(LearnCommitted(h))
       /\ \A b \in Block : WF_vars(\E m \in net : m.type = "Preserve" /\ m.block = b /\ U!ReadOld(h, m) /\ Free)
       /\ \A b \in Block : WF_vars(\E m \in net : m.type = "Part" /\ m.block = b /\ U!StagePart(h, m) /\ Free)
       /\ WF_vars(StoreCopy(h))
       /\ WF_vars(Commit(h))
       /\ WF_vars(Flush(h)) /\ WF_vars(FollowJoin(h)) /\ WF_vars(BecomeSecondary(h))
       /\ WF_vars(Learn(h)) /\ WF_vars(Protect(h)) /\ WF_vars(StepDown(h))
       /\ WF_vars(~U!Connected(h) /\ OpenSession(h))
       /\ WF_vars(RestartRollback(h)) /\ WF_vars(FinishRollback(h)) /\ WF_vars(Resume(h))
       /\ WF_vars(ColdRead(h)) /\ WF_vars(Restart(h))
  /\ WF_vars(Apply)

FairSpec == Spec /\ Fairness

WriteEnds ==
  \A h \in Host, b \in Block :
    role[h] = "primary" /\ pending[h][b] # 0 ~> role[h] # "primary" \/ pending[h][b] = 0
FailoverEnds == record.mode = "rollback" ~> record.mode # "rollback"
JoinEnds ==
  \A h \in Host : role[h] = "primary" /\ mode[h] = "joining" ~>
    \/ role[h] # "primary" \/ mode[h] # "joining"

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be reachable.  Each of these must be violated: a model that   *)
(* silently cannot take over, lose a write or go back would hold, and show *)
(* nothing.  Peer of First is the host that is secondary at the start.     *)
(***************************************************************************)
Second == U!Peer(First)

\* The machine runs at the other host, protected by the one that had it first.
NeverProtectedAgain ==
  ~(role[Second] = "primary" /\ record.mode = "protected" /\ record.secondary = First)
\* ... and comes back: First took over again, and undid what the other host had written.
NeverTakenBack ==
  ~(/\ role[First] = "restoring" /\ record.owner = First /\ record.mode = "solo"
    /\ U!Restores(First) # {})
\* Wrong suspicion: both hosts run the machine, and one of them does not know yet.
NeverTwoPrimaries == ~\A h \in Host : role[h] = "primary"
\* Wrong suspicion the other way: the record says solo, and the secondary does not know.
NeverGivenUp ==
  ~(record.mode = "solo" /\ record.owner = First /\ role[Second] = "secondary" /\ ckpt[Second] # None)
NeverBothDown == ~\A h \in Host : role[h] = "down"
\* A write of the old owner, which is dead, is still on its way while copies are restored.
NeverLateWrite ==
  ~(role[First] = "down" /\ role[Second] = "restoring" /\ \E w \in wire : w.host = First)
\* A rollback stopped after its first block, and starts again.
NeverHalfRestored ==
  ~(/\ record.mode = "rollback" /\ role[record.owner] = "idle"
    /\ \E b, c \in Block :
         /\ cache[b] = ckpt[record.owner].state[b] /\ U!CopiesOf(record.owner, b) # {}
         /\ cache[c] # ckpt[record.owner].state[c])
\* A rollback finds copies of several epochs of one block.
NeverSeveralCopies ==
  ~(record.mode = "rollback" /\ \E b \in Block :
      \E c, d \in U!CopiesOf(record.owner, b) : c.epoch # d.epoch)
\* The primary died when only a part of a checkpoint had arrived.
NeverInPart ==
  ~(/\ role[First] = "down" /\ role[Second] = "secondary" /\ record.mode = "protected"
    /\ {m.block : m \in staged[Second]} \notin {{}, Block})
\* The storage lost what it had not flushed, and kept a version that nobody flushed.
NeverBetween ==
  ~\E b \in Block :
     /\ U!Runs(First) /\ b \in dirty[First]
     /\ 1 < cache[b] /\ cache[b] < mem[First][b] /\ disk[b] = cache[b]
\* The outside heard of a write that a takeover must not take back, and there was one.
NeverKept == ~(role[Second] = "primary" /\ seen # U!Fresh)
=============================================================================
