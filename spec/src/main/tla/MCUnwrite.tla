----------------------------- MODULE MCUnwrite -----------------------------
(***************************************************************************)
(* Unwrite with bounds, so that TLC can visit every state.  An action with *)
(* its bound has the name of the action, with MC before it.  This module   *)
(* extends Unwrite instead of instantiating it: TLC looks up each variable *)
(* of an instance through a chain of substitutions, which took half of its *)
(* time.                                                                   *)
(***************************************************************************)
EXTENDS Inductive, TLC

CONSTANTS
  First,          \* the host that runs the machine at the start; None if nobody does
  Protected,      \* whether the start is a protected pair
  MaxWrites, MaxEpoch, MaxTerm, MaxCuts,
  HostCrashes, StorageCrashes,
  Reconnects,     \* new sessions while the storage did not crash
  Forced,         \* cold starts of a protected owner, ordered by a person
  MaxLives,       \* storages, one after the other
  LostLogs,       \* undo logs that are gone beside their checkpoints
  Replacements,   \* hosts whose whole folder is lost
  MaxFlushes,     \* flushes that the machine asks for, of all blocks or of one (FUA)
  MaxAround,      \* copies that a secondary has at one time and that nobody asked for
  WithDeltas,     \* whether a cut may be a delta
  InPart          \* what may happen in part: "Flush", of what is dirty; "Write", when the storage crashes

VARIABLE spent  \* what was used of the bounds

bounded == <<vars, spent>>

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
    {w \in wire : Admitted(w)},
    {w \in replies : w.session = mine[w.host]},
    disk, cache, record, session, role, term, mode, epoch, mine,
    mem, pending, sent, kept, dirty, cuts, safe, staged, reading, log, ckpt, seen, flushes, lives,
    spent>>

Init ==
  /\ IF First = None THEN InitNobody ELSE InitAs(Protected, First)
  /\ spent = [writes |-> 0, crashes |-> 0, storage |-> 0, reconnects |-> 0, forced |-> 0,
               logs |-> 0, replaced |-> 0, flushes |-> 0]

Spend(what, limit) ==
  /\ spent[what] < limit
  /\ spent' = [spent EXCEPT ![what] = @ + 1]

Free == spent' = spent

\* Copies that nobody asked for.  The state shows them, so they need no part of spent; those of
\* the present term only, since Alive does not tell apart what was asked for in an earlier one.
Unasked(h) ==
  {c \in log[h] \cup reading[h] :
     c.term = term[h] /\ ~\E m \in net : m.type = "Preserve" /\ m.to = h /\ Same(c, m)}

MCMachineWrite(h, b) == MachineWrite(h, b, spent.writes + 2) /\ Spend("writes", MaxWrites)
MCRecvPreserved(h) == (\E m \in net : RecvPreserved(h, m)) /\ Free
\* With FUA only what a flush waits for: else it is a Destage by which nobody gains.
MCSendWrite(h, b) ==
  /\ \E fua \in {\E r \in asked[h] : b \in r.writes, FALSE} : SendWrite(h, b, fua)
  /\ Free
MCApply == (\E w \in wire : Apply(w)) /\ Free
MCWriteDone(h, b) == WriteDone(h, b) /\ Free
MCFlush(h) ==
  /\ \E covered \in IF "Flush" \in InPart THEN SUBSET dirty[h] ELSE {dirty[h]} : Flush(h, covered)
  /\ Free
MCMachineFlush(h) ==
  /\ \E blocks \in {Block} \cup {{b} : b \in Block} : MachineFlush(h, spent.flushes + 1, blocks)
  /\ Spend("flushes", MaxFlushes)
MCAnswerFlush(h) == (\E r \in asked[h] : AnswerFlush(h, r.n)) /\ Free
MCCut(h) ==
  /\ epoch[h] < MaxEpoch /\ Cardinality(cuts[h]) < MaxCuts
  /\ \E delta \in IF WithDeltas THEN BOOLEAN ELSE {FALSE} : Cut(h, delta)
  /\ Free
MCLearnCommitted(h) == (\E m \in net : LearnCommitted(h, m)) /\ Free
MCSpeak(h) == Speak(h) /\ Free
MCFollowJoin(h) == FollowJoin(h) /\ Free
MCBecomeSecondary(h) == BecomeSecondary(h) /\ Free
MCReadOld(h) == (\E m \in net : ReadOld(h, m)) /\ Free
MCReadAround(h, b) ==
  /\ Cardinality(Unasked(h)) < MaxAround
  /\ \E m \in net : ReadAround(h, m, b)
  /\ Free
MCStoreCopy(h) == (\E c \in reading[h] : StoreCopy(h, c)) /\ Free
MCStagePart(h) == (\E m \in net : StagePart(h, m)) /\ Free
MCCommit(h) == (\E e \in {m.epoch : m \in staged[h]} : Commit(h, e)) /\ Free
MCGoAlone(h) == GoAlone(h) /\ Free
MCLearn(h) == Learn(h) /\ Free
MCStartJoin(h) == epoch[h] < MaxEpoch /\ StartJoin(h) /\ Free
MCProtect(h) == Protect(h) /\ Free
MCAbortJoin(h) == AbortJoin(h) /\ Free
MCStepDown(h) == StepDown(h) /\ Free
MCOpenSession(h) ==
  /\ OpenSession(h)
  /\ IF Connected(h) THEN Spend("reconnects", Reconnects) ELSE Free
MCTakeOver(h) == record.term < MaxTerm /\ TakeOver(h) /\ Free
MCRestartRollback(h) == RestartRollback(h) /\ Free
MCFinishRollback(h) == FinishRollback(h) /\ Free
MCResume(h) == Resume(h) /\ Free
MCBootstrap(h) == record.term < MaxTerm /\ Bootstrap(h) /\ Free
MCColdStart(h) == record.term < MaxTerm /\ ColdStart(h) /\ Free
MCForceColdStart(h) == record.term < MaxTerm /\ ForceColdStart(h) /\ Spend("forced", Forced)
MCColdRead(h) == ColdRead(h) /\ Free
\* A host that meets another storage than its own ends: no fault.
MCCrash(h) == Crash(h) /\ IF life[h] = era THEN Spend("crashes", HostCrashes) ELSE Free
MCRestart(h) == Restart(h) /\ Free
\* A block reaches the disk by itself only just before its next version replaces it in
\* the cache, and only while a crash of the storage is to come.  Nothing is lost by that:
\* until then nobody but a crash can tell, and a crash may keep any block.
MCDestage(b) ==
  /\ spent.storage < StorageCrashes
  /\ \E w \in wire : w.block = b /\ Admitted(w)
  /\ Destage(b) /\ Free
\* A block that was written in part has a content of its own, newer than all before; it counts as a write.
MCStorageCrash ==
  \E Lost \in SUBSET {b \in Block : cache[b] # disk[b]} :
    \/ StorageCrash(Lost) /\ Spend("storage", StorageCrashes)
    \/ /\ "Write" \in InPart /\ spent.storage < StorageCrashes /\ spent.writes < MaxWrites
       /\ \E w \in wire : TornCrash(w, spent.writes + 2, Lost)
       /\ spent' = [spent EXCEPT !.storage = @ + 1, !.writes = @ + 1]

\* The volumes are new ones, or those of before.
MCBeginAnew ==
  /\ era < MaxLives
  /\ \E content \in {Fresh, cache} : BeginAnew(content)
  /\ Free
MCLoseLog(h) == LoseLog(h) /\ Spend("logs", LostLogs)
MCReplaced(h) == Replaced(h) /\ Spend("replaced", Replacements)

Next ==
  \/ \E h \in Host :
       \/ \E b \in Block : MCMachineWrite(h, b) \/ MCSendWrite(h, b) \/ MCWriteDone(h, b) \/ MCReadAround(h, b)
       \/ MCRecvPreserved(h) \/ MCLearnCommitted(h) \/ MCReadOld(h) \/ MCStagePart(h)
       \/ MCStoreCopy(h) \/ MCCommit(h)
       \/ MCFlush(h) \/ MCMachineFlush(h) \/ MCAnswerFlush(h) \/ MCCut(h) \/ MCSpeak(h)
       \/ MCFollowJoin(h) \/ MCBecomeSecondary(h)
       \/ MCGoAlone(h) \/ MCLearn(h) \/ MCStartJoin(h) \/ MCProtect(h) \/ MCAbortJoin(h) \/ MCStepDown(h)
       \/ MCOpenSession(h)
       \/ MCTakeOver(h) \/ MCRestartRollback(h) \/ MCFinishRollback(h) \/ MCResume(h)
       \/ MCBootstrap(h) \/ MCColdStart(h) \/ MCForceColdStart(h) \/ MCColdRead(h)
       \/ MCCrash(h) \/ MCRestart(h) \/ MCLoseLog(h) \/ MCReplaced(h)
  \/ MCApply
  \/ \E b \in Block : MCDestage(b)
  \/ MCStorageCrash \/ MCBeginAnew

Spec == Init /\ [][Next]_bounded

CheckpointedMachine == Abstract!Spec

-----------------------------------------------------------------------------
(***************************************************************************)
(* Liveness.  Each step that a host or the storage owes is fair; faults,   *)
(* suspicions, and what a person or the machine does of its own will are   *)
(* not.                                                                    *)
(***************************************************************************)
Owed ==
  /\ \A h \in Host :
       /\ \A b \in Block : WF_bounded(MCSendWrite(h, b)) /\ WF_bounded(MCWriteDone(h, b))
       /\ \A b \in Block : WF_bounded(\E m \in net : m.type = "Preserved" /\ m.block = b /\ RecvPreserved(h, m) /\ Free)
       /\ WF_bounded(MCLearnCommitted(h))
       /\ \A b \in Block : WF_bounded(\E m \in net : m.type = "Preserve" /\ m.block = b /\ ReadOld(h, m) /\ Free)
       /\ \A b \in Block : WF_bounded(\E m \in net : m.type = "Part" /\ m.block = b /\ StagePart(h, m) /\ Free)
       /\ WF_bounded(MCStoreCopy(h))
       /\ WF_bounded(MCCommit(h))
       /\ WF_bounded(MCFlush(h)) /\ WF_bounded(MCAnswerFlush(h)) /\ WF_bounded(MCFollowJoin(h)) /\ WF_bounded(MCBecomeSecondary(h))
       /\ WF_bounded(MCLearn(h)) /\ WF_bounded(MCProtect(h)) /\ WF_bounded(MCStepDown(h))
       /\ WF_bounded(~Connected(h) /\ MCOpenSession(h))
       /\ WF_bounded(MCRestartRollback(h)) /\ WF_bounded(MCFinishRollback(h)) /\ WF_bounded(MCResume(h))
       /\ WF_bounded(MCColdRead(h))
  /\ WF_bounded(MCApply)

Fairness == Owed /\ \A h \in Host : WF_bounded(MCRestart(h))

FairSpec == Spec /\ Fairness

(***************************************************************************)
(* Nothing brings a dead secondary back: a primary goes on without it.     *)
(* Fair is what hosts owe that are up, and that the owner starts again.    *)
(***************************************************************************)
FairnessAlone ==
  /\ Owed
  /\ \A h \in Host :
       /\ WF_bounded(role[Peer(h)] = "down" /\ MCGoAlone(h))
       /\ WF_bounded(role[Peer(h)] = "down" /\ MCAbortJoin(h))
       /\ WF_bounded(record.owner = h /\ MCRestart(h))

FairSpecAlone == Spec /\ FairnessAlone

WriteEnds ==
  \A h \in Host, b \in Block :
    role[h] = "primary" /\ pending[h][b] # 0 ~> role[h] # "primary" \/ pending[h][b] = 0
FlushEnds ==
  \A h \in Host, n \in 1..MaxFlushes :
    (\E r \in asked[h] : r.n = n) ~> ~\E r \in asked[h] : r.n = n
FailoverEnds == record.mode = "rollback" ~> record.mode # "rollback"
JoinEnds ==
  \A h \in Host : role[h] = "primary" /\ mode[h] = "joining" ~>
    \/ role[h] # "primary" \/ mode[h] # "joining"

\* To see what an old folder does, rather than an old process: for a model that must fail.
NoStrangerIsUp == \A h \in Host : life[h] = era \/ role[h] = "down"

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be reachable.  Each of these must be violated: a model that   *)
(* silently cannot take over, lose a write or go back would hold, and show *)
(* nothing.  Peer of First is the host that is secondary at the start.     *)
(***************************************************************************)
Second == Peer(First)

\* The machine runs at the other host, protected by the one that had it first.
NeverProtectedAgain ==
  ~(role[Second] = "primary" /\ record.mode = "protected" /\ record.secondary = First)
\* ... and comes back: First took over again, and undid what the other host had written.
NeverTakenBack ==
  ~(/\ role[First] = "restoring" /\ record.owner = First /\ record.mode = "solo"
    /\ Restores(First) # {})
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
         /\ cache[b] = ckpt[record.owner].state[b] /\ CopiesOf(record.owner, b) # {}
         /\ cache[c] # ckpt[record.owner].state[c])
\* A rollback finds copies of several epochs of one block.
NeverSeveralCopies ==
  ~(record.mode = "rollback" /\ \E b \in Block :
      \E c, d \in CopiesOf(record.owner, b) : c.epoch # d.epoch)
\* The primary died when only a part of a checkpoint had arrived.
NeverInPart ==
  ~(/\ role[First] = "down" /\ role[Second] = "secondary" /\ record.mode = "protected"
    /\ {m.block : m \in staged[Second]} \notin {{}, Block})
\* A machine goes on from a checkpoint that came as a delta.
NeverFromDelta ==
  ~(/\ record.mode = "rollback"
    /\ \E m \in net : m.type = "Part" /\ m.same /\ m.epoch = ckpt[record.owner].epoch)
\* A delta has come whole, and its base has not: it must wait.
NeverEarly ==
  ~(/\ role[Second] = "secondary" /\ ckpt[Second] # None
    /\ \E m \in staged[Second] : m.same /\ m.base > ckpt[Second].epoch)
\* The storage lost what it had not flushed, and kept a version that nobody flushed.
NeverBetween ==
  ~\E b \in Block :
     /\ Runs(First) /\ b \in dirty[First]
     /\ 1 < cache[b] /\ cache[b] < mem[First][b] /\ disk[b] = cache[b]
\* A storage begins anew, and in its life a pair is protected.
NeverNewLife == ~(era = 2 /\ record.mode = "protected")
\* An old checkpoint lies beside a storage that began anew, and its host is down.
NeverStranger == ~(era = 2 /\ \E h \in Host : life[h] = 1 /\ role[h] = "down" /\ ckpt[h] # None)
\* The record relies on a host that came back without its undo log.
NeverLogGone ==
  ~(/\ record.mode = "protected" /\ record.secondary \in gone
    /\ role[record.secondary] = "idle" /\ life[record.secondary] = era)
\* ... and that is protected again.
NeverLogReplaced ==
  ~(/\ record.mode = "protected" /\ record.secondary \notin gone
    /\ logs[record.secondary] > 1)
\* The outside heard of a write that a takeover must not take back, and there was one.
NeverKept == ~(role[Second] = "primary" /\ seen # Fresh)
\* A machine that was alone starts again, and had flushed something.
NeverFlushedCold == ~(role[First] = "primary" /\ record.term > 1 /\ flushed # Fresh)
\* A takeover takes back what was flushed.
NeverFlushedBack == [][Upto(flushed, flushed')]_flushed
\* A flush is answered, and a newer version of its block, not flushed, is what a read sees.
NeverOvertaken ==
  ~\E b \in Block : flushed[b] > 1 /\ flushed[b] = disk[b] /\ disk[b] < cache[b] /\ b \in dirty[First]
=============================================================================
