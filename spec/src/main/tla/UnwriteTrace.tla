---------------------------- MODULE UnwriteTrace ----------------------------
(***************************************************************************)
(* Does Unwrite allow what real processes did?  The traces of the nodes    *)
(* and the storage were merged into one sequence of steps for each run     *)
(* (dev.unwrite.conformance.trace); here each step is the action of        *)
(* Unwrite of the same name, with the parameters that were recorded.  The  *)
(* state after it must be the one that the process recorded, and the       *)
(* invariants must hold.                                                   *)
(*                                                                         *)
(* Blocks are numbered from 1.  A value stands for the content of a block: *)
(* 1 is what was there at first.                                           *)
(*                                                                         *)
(* Three events stand for as many steps of Unwrite as there are blocks:    *)
(* StagePart takes all parts of a state at once; and what was written to   *)
(* several blocks at once was split by the merge, so that only the last    *)
(* part has an "after".  Speak changes nothing here: contents have no      *)
(* order, so `seen' stays as it was, and what may be said is checked by    *)
(* epochs (Covered).  So does `flushed': what a flush is answered for must *)
(* be on the disk then (Durable), and what happens to the disk is checked. *)
(***************************************************************************)
EXTENDS Unwrite, Sequences, TLC, UnwriteTraceReader

CONSTANTS
  Blocks        \* how many blocks the traces touch at most

\* What the configuration puts in the place of Host, Block and Off.
TraceHosts == {"A", "B"}
TraceBlocks == 1..Blocks
NoRuleOff == {}

VARIABLES
  run,      \* the number of the run: each is judged by itself
  i,        \* the number of the next event of it
  covered   \* the checkpoint whose output was let go of: term and epoch

E == TraceRuns[run][i]

\* The event that was rejected and is to be explained; 0 for none.
DiagnoseAt == TraceQuestions[run]

-----------------------------------------------------------------------------
OrNone(name) == IF name = "" THEN None ELSE name
RecordOf(r) ==
  [term |-> r.term, owner |-> OrNone(r.owner), mode |-> r.mode,
   secondary |-> OrNone(r.secondary), base |-> r.base]

Init ==
  /\ disk = Fresh /\ cache = Fresh
  /\ record = [term |-> 0, owner |-> None, mode |-> "none", secondary |-> None, base |-> 0]
  /\ session = [h \in Host |-> 0]
  /\ wire = {} /\ replies = {} /\ net = {}
  /\ role = [h \in Host |-> "down"]
  /\ term = [h \in Host |-> 0]
  /\ mode = [h \in Host |-> "solo"]
  /\ epoch = [h \in Host |-> 0]
  /\ mine = [h \in Host |-> 0]
  /\ mem = [h \in Host |-> Fresh]
  /\ pending = [h \in Host |-> NoWrite]
  /\ sent = [h \in Host |-> {}]
  /\ kept = [h \in Host |-> {}]
  /\ dirty = [h \in Host |-> {}]
  /\ cuts = [h \in Host |-> {}]
  /\ safe = [h \in Host |-> Fresh]
  /\ staged = [h \in Host |-> {}]
  /\ reading = [h \in Host |-> {}]
  /\ log = [h \in Host |-> {}]
  /\ ckpt = [h \in Host |-> None]
  /\ seen = Fresh /\ flushed = Fresh
  /\ asked = [h \in Host |-> {}]
  /\ era = 1
  /\ life = [h \in Host |-> 0]
  /\ logs = [h \in Host |-> 1]
  /\ gone = {}
  /\ run \in 1..Len(TraceRuns)
  /\ i = 1
  /\ covered = [term |-> 0, epoch |-> 0]

-----------------------------------------------------------------------------
(* The messages that an event receives. *)

Message(type, h, b) ==
  [type |-> type, to |-> h, term |-> E.term, epoch |-> E.epoch, block |-> b]
CommittedTo(h) == [type |-> "Committed", to |-> h, term |-> E.term, epoch |-> E.epoch]
Copy(h) == CHOOSE c \in reading[h] : (c.term = E.term /\ c.epoch = E.epoch /\ c.block = E.block)

-----------------------------------------------------------------------------
(* The actions, under their names. *)

TakeApply(h) ==
  \E w \in wire : /\ w.host = h /\ w.block = E.block /\ w.value = E.value
                  /\ Apply(w)

Named == {E.blocks[k] : k \in DOMAIN E.blocks}

\* What became durable: all steps Destage(b) in one, when the storage flushed or of its own accord.
TakeDestage ==
  /\ disk' = [b \in Block |-> IF b \in Named THEN cache[b] ELSE disk[b]]
  /\ UNCHANGED <<cache, record, session, wire, replies, net, role, term, mode, epoch,
                 mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>

(***************************************************************************)
(* The host hears of its flush.  What that made durable became so before,  *)
(* where the storage said it (Destage); Flush of the specification does    *)
(* both at once.  They differ in a write that was applied in between, and  *)
(* of which the host has not heard: Flush makes it durable too, here it is *)
(* not, as if it had been applied after Flush.  A cold owner has written   *)
(* nothing: its flush covers what any earlier owner wrote.                 *)
(***************************************************************************)
TakeFlush(h) ==
  LET these == IF role[h] = "cold" THEN dirty[h] ELSE Named
  IN /\ role[h] \in {"primary", "restoring", "cold"}
     /\ Connected(h) /\ term[h] = record.term
     /\ these # {} /\ these \subseteq dirty[h]
     /\ {b \in these \ sent[h] : disk[b] # cache[b]} = {}
     /\ dirty' = [dirty EXCEPT ![h] = @ \ these]
     /\ asked' = [asked EXCEPT ![h] = {[r EXCEPT !.owes = @ \ (these \ r.writes)] : r \in @}]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, mem, pending, sent,
                    kept, cuts, safe, secondaryVars, localVars, seen, flushed, lives>>

\* The storage made a write with FUA durable before it answered, and said so (Destage).
TakeWriteDone(h) ==
  /\ \A w \in replies : w.host = h /\ w.block = E.block /\ w.fua => disk[w.block] = cache[w.block]
  /\ WriteDone(h, E.block)

TakeMachineFlush(h) ==
  MachineFlush(h, E.value, IF Named = {} THEN Block ELSE Named)

\* What is answered for is on the disk, where it was not written again since (E.blocks): a block may hold
\* again what it held when the flush was asked for, and the disk what it held between.  (In a step TLC takes
\* "for all" one deeper for each, and its stack ends at some 10,000 blocks: what speaks of blocks is a set.)
Durable(h, r) ==
  {b \in Block \ Named : /\ r.state[b] # 1 /\ pending[h][b] = 0 /\ mem[h][b] = r.state[b]
                         /\ disk[b] # r.state[b]} = {}

TakeAnswerFlush(h) ==
  /\ role[h] = "primary"
  /\ \E r \in asked[h] :
       /\ r.n = E.value
       /\ r.owes = {}
       /\ Runs(h) => Durable(h, r)
       /\ asked' = [asked EXCEPT ![h] = @ \ {r}]
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars,
                 secondaryVars, localVars, seen, flushed, lives>>

\* The value 0 says that nobody recorded what was read: the process was killed before it could.
TakeStoreCopy(h) ==
  /\ \E c \in reading[h] : (c.term = E.term /\ c.epoch = E.epoch /\ c.block = E.block)
  /\ E.value \in {0, Copy(h).value}
  /\ StoreCopy(h, Copy(h))

\* All steps StagePart(h, m) of the state of an epoch in one.
TakeStagePart(h) ==
  LET parts == {m \in net : /\ m.type = "Part" /\ m.to = h
                            /\ m.term = E.term /\ m.epoch = E.epoch}
  IN /\ role[h] = "secondary"
     /\ parts # {} /\ E.term = term[h]
     /\ ~(parts \subseteq staged[h])
     /\ ckpt[h] # None => E.epoch > ckpt[h].epoch
     /\ staged' = [staged EXCEPT ![h] = @ \cup parts]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, reading,
                    localVars, seen, flushes, lives>>

\* What was let go of before a takeover is in the checkpoint that it goes back to.
Covered(h) == covered.term = ckpt[h].term => covered.epoch <= ckpt[h].epoch

\* Of the output that left, the newest epoch is known in which any of it was said;
\* ProcessChecks compares it with the epochs that are known to be committed.
TakeSpeak(h) ==
  /\ role[h] = "primary"
  /\ E.epoch <= epoch[h]
  /\ UNCHANGED vars

\* The merge says that what was recorded changes nothing in the specification.
Stutter == UNCHANGED vars

\* Messages that nobody will receive are lost: net stays small.
Lose ==
  /\ net' = {m \in net : m.term > E.term \/ (m.term = E.term /\ m.epoch >= E.epoch)}
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, secondaryVars,
                 localVars, seen, flushes, lives>>

(***************************************************************************)
(* A host came back with another undo log (LoseLog), or in another folder  *)
(* (Replaced): whatever it had is gone, and whoever relied on it must not. *)
(* The messages stay, which allows more: a trace does not say which of     *)
(* them came before the loss.                                              *)
(***************************************************************************)
TakeLost(h, folder) ==
  /\ role[h] = "down"
  /\ logs' = [logs EXCEPT ![h] = @ + 1]
  /\ log' = [log EXCEPT ![h] = {}]
  /\ gone' = gone \cup {h}
  /\ ckpt' = IF folder THEN [ckpt EXCEPT ![h] = None] ELSE ckpt
  /\ life' = IF folder THEN [life EXCEPT ![h] = 0] ELSE life
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, secondaryVars, seen, flushes, era>>

Taken(h) ==
  CASE E.action = "MachineWrite" -> MachineWrite(h, E.block, E.value)
    [] E.action = "RecvPreserved" -> RecvPreserved(h, Message("Preserved", h, E.block))
    [] E.action = "SendWrite" -> SendWrite(h, E.block, E.value = 1)
    [] E.action = "Apply" -> TakeApply(h)
    [] E.action = "WriteDone" -> TakeWriteDone(h)
    [] E.action = "ReadOld" -> ReadOld(h, Message("Preserve", h, E.block))
    [] E.action = "ReadAround" -> \E m \in net : m.term = E.term /\ m.epoch = E.epoch /\ ReadAround(h, m, E.block)
    [] E.action = "StoreCopy" -> TakeStoreCopy(h)
    [] E.action = "Stutter" -> Stutter
    [] E.action = "Flush" -> TakeFlush(h)
    [] E.action = "MachineFlush" -> TakeMachineFlush(h)
    [] E.action = "AnswerFlush" -> TakeAnswerFlush(h)
    [] E.action = "Cut" -> Cut(h, E.value = 1)
    [] E.action = "StagePart" -> TakeStagePart(h)
    [] E.action = "Commit" -> Commit(h, E.epoch)
    [] E.action = "LearnCommitted" -> LearnCommitted(h, CommittedTo(h))
    [] E.action = "Speak" -> TakeSpeak(h)
    [] E.action = "Lose" -> Lose
    [] E.action = "FollowJoin" -> FollowJoin(h)
    [] E.action = "BecomeSecondary" -> BecomeSecondary(h)
    [] E.action = "GoAlone" -> GoAlone(h)
    [] E.action = "Learn" -> Learn(h)
    [] E.action = "StartJoin" -> StartJoin(h)
    [] E.action = "Protect" -> Protect(h)
    [] E.action = "AbortJoin" -> AbortJoin(h)
    [] E.action = "StepDown" -> StepDown(h)
    [] E.action = "OpenSession" -> OpenSession(h)
    [] E.action = "TakeOver" -> TakeOver(h) /\ Covered(h)
    [] E.action = "RestartRollback" -> RestartRollback(h)
    [] E.action = "FinishRollback" -> FinishRollback(h)
    [] E.action = "Resume" -> Resume(h)
    [] E.action = "Bootstrap" -> Bootstrap(h)
    [] E.action = "ColdStart" -> ColdStart(h)
    [] E.action = "ForceColdStart" -> ForceColdStart(h)
    [] E.action = "ColdRead" -> ColdRead(h)
    [] E.action = "Crash" -> Crash(h)
    [] E.action = "Restart" -> Restart(h)
    [] E.action = "LoseLog" -> TakeLost(h, FALSE)
    [] E.action = "Replaced" -> TakeLost(h, TRUE)
    [] E.action = "Destage" -> TakeDestage
    [] E.action = "StorageCrash" -> StorageCrash(Named)
    [] OTHER -> FALSE

Cover ==
  covered' = IF E.action = "Speak" /\ mode[E.host] # "solo"
               THEN [term |-> term[E.host], epoch |-> E.epoch + 1]
             ELSE covered

-----------------------------------------------------------------------------
(* What is compared after a step.  The names are those of a trace. *)

Live(h) ==
  IF ckpt[h] = None THEN log[h]
  ELSE {c \in log[h] : c.term = ckpt[h].term /\ c.epoch >= ckpt[h].epoch}

\* How many writes are under way; overridden by the same in Java, as is Rebuilds below.
UnderWay(writes) == Cardinality({b \in Block : writes[b] # 0})

\* How many blocks flushes owe, together.
RECURSIVE Owes(_)
Owes(those) ==
  IF those = {} THEN 0
  ELSE LET one == CHOOSE r \in those : TRUE IN Cardinality(one.owes) + Owes(those \ {one})

\* What the specification says of each field that a process records.
Say(h) ==
  [role      |-> role[h],
   term      |-> term[h],
   mode      |-> mode[h],
   epoch     |-> epoch[h],
   connected |-> mine[h] # 0,
   pending   |-> UnderWay(pending[h]),
   kept      |-> Cardinality(kept[h]),
   dirty     |-> IF role[h] = "cold" THEN 0 ELSE Cardinality(dirty[h]),
   asked     |-> Cardinality(asked[h]),
   owes      |-> Owes(asked[h]),
   cuts      |-> {c.epoch : c \in cuts[h]},
   copies    |-> Cardinality(Live(h)),
   ckptTerm  |-> IF ckpt[h] = None THEN 0 ELSE ckpt[h].term,
   ckptEpoch |-> IF ckpt[h] = None THEN 0 ELSE ckpt[h].epoch + 1]

Range(s) == {s[k] : k \in DOMAIN s}

\* What the process recorded.
Said(a) == [a EXCEPT !.cuts = {@[k] : k \in DOMAIN @}]

Agrees ==
  /\ E.compare => \E h \in {E.host} : Say(h)' = Said(E.after)
  /\ E.changes => record' = RecordOf(E.record)

(***************************************************************************)
(* Recoverable, in one pass over the copies: Rebuilds is overridden by the *)
(* same in Java (dev.unwrite.spec.trace.TraceOperators).                   *)
(***************************************************************************)
Rebuilds(copies, state, now, durable) ==
  \A b \in Block :
    LET those == {c \in copies : c.block = b}
    IN IF those = {}
         THEN now[b] = state[b] /\ durable[b] = state[b]
         ELSE (CHOOSE c \in those : \A d \in those : c.epoch <= d.epoch).value = state[b]

Rebuildable(h) == ckpt[h] # None /\ Rebuilds(Live(h), ckpt[h].state, cache, disk)

RecoverableByTrace ==
  /\ record.mode = "protected" =>
       \/ record.secondary \in gone
       \/ /\ Rebuildable(record.secondary)
          /\ ckpt[record.secondary].term = record.term
          /\ ckpt[record.secondary].epoch >= record.base
  /\ record.mode = "rollback" => record.owner \in gone \/ Rebuildable(record.owner)

(***************************************************************************)
(* A small picture of a state: what the hosts are, what the record says,   *)
(* who could restore what.  Which host is A is left out: the owner comes   *)
(* first.                                                                  *)
(***************************************************************************)
Sketch(h) ==
  [role      |-> role[h],
   mode      |-> IF role[h] = "primary" THEN mode[h] ELSE "",
   session   |-> mine[h] # 0 /\ mine[h] = session[h],
   current   |-> role[h] \in {"down", "idle"} \/ term[h] = record.term,
   copies    |-> log[h] # {},
   committed |-> ckpt[h] # None]

First == IF record.owner = None THEN "A" ELSE record.owner
Picture ==
  [record |-> record.mode, owner |-> Sketch(First), other |-> Sketch(Peer(First))]

Next ==
  /\ i <= Len(TraceRuns[run])
  /\ Taken(E.host)
  /\ Cover
  /\ i' = i + 1
  /\ run' = run
  /\ i # DiagnoseAt =>
       /\ Agrees
       /\ RecoverableByTrace'
       /\ Consistent'
       /\ OneOwner'
  /\ EdgesWanted => Edge(Picture, E.action, Picture')

Spec == Init /\ [][Next]_<<vars, run, i, covered>>

(***************************************************************************)
(* The number of the next event tells the states of a run apart: each event determines  *)
(* its step (Apply too, since a host has one session and one write of a    *)
(* block at a time).  Were there ever two, only one would be followed: a   *)
(* trace could be rejected by that, never accepted.                        *)
(***************************************************************************)
Position == <<run, i>>

-----------------------------------------------------------------------------
(* What a rejection is explained with. *)

Enabled(h) == {
  IF ENABLED Flush(h, dirty[h]) THEN "Flush" ELSE "",
  IF ENABLED Cut(h, FALSE) THEN "Cut" ELSE "",
  IF ENABLED GoAlone(h) THEN "GoAlone" ELSE "",
  IF ENABLED Learn(h) THEN "Learn" ELSE "",
  IF ENABLED StartJoin(h) THEN "StartJoin" ELSE "",
  IF ENABLED Protect(h) THEN "Protect" ELSE "",
  IF ENABLED AbortJoin(h) THEN "AbortJoin" ELSE "",
  IF ENABLED StepDown(h) THEN "StepDown" ELSE "",
  IF ENABLED OpenSession(h) THEN "OpenSession" ELSE "",
  IF ENABLED FollowJoin(h) THEN "FollowJoin" ELSE "",
  IF ENABLED BecomeSecondary(h) THEN "BecomeSecondary" ELSE "",
  IF ENABLED TakeOver(h) THEN "TakeOver" ELSE "",
  IF ENABLED RestartRollback(h) THEN "RestartRollback" ELSE "",
  IF ENABLED FinishRollback(h) THEN "FinishRollback" ELSE "",
  IF ENABLED Resume(h) THEN "Resume" ELSE "",
  IF ENABLED Bootstrap(h) THEN "Bootstrap" ELSE "",
  IF ENABLED ColdStart(h) THEN "ColdStart" ELSE "",
  IF ENABLED ForceColdStart(h) THEN "ForceColdStart" ELSE "",
  IF ENABLED ColdRead(h) THEN "ColdRead" ELSE "",
  IF role[h] = "primary" THEN "MachineWrite" ELSE "",
  IF role[h] = "primary" THEN "MachineFlush" ELSE "",
  IF \E r \in asked[h] : ENABLED AnswerFlush(h, r.n) THEN "AnswerFlush" ELSE "",
  IF \E b \in Block : ENABLED SendWrite(h, b, FALSE) THEN "SendWrite" ELSE "",
  IF \E b \in Block : ENABLED WriteDone(h, b) THEN "WriteDone" ELSE "",
  IF \E m \in net : ENABLED RecvPreserved(h, m) THEN "RecvPreserved" ELSE "",
  IF \E m \in net : ENABLED LearnCommitted(h, m) THEN "LearnCommitted" ELSE "",
  IF \E m \in net : ENABLED ReadOld(h, m) THEN "ReadOld" ELSE "",
  IF \E m \in net, b \in Block : ENABLED ReadAround(h, m, b) THEN "ReadAround" ELSE "",
  IF \E m \in net : ENABLED StagePart(h, m) THEN "StagePart" ELSE "",
  IF reading[h] # {} /\ role[h] = "secondary" THEN "StoreCopy" ELSE "",
  IF \E m \in staged[h] : ENABLED Commit(h, m.epoch) THEN "Commit" ELSE ""
} \ {""}

OfBlock(h, b) ==
  [pending |-> pending[h][b], sent |-> b \in sent[h], kept |-> b \in kept[h],
   dirty |-> b \in dirty[h], cache |-> cache[b], disk |-> disk[b], mem |-> mem[h][b],
   wire |-> {w \in wire : w.block = b}, replies |-> {w \in replies : w.block = b},
   reading |-> {c \in reading[h] : c.block = b}, log |-> {c \in log[h] : c.block = b}]

Explain ==
  IF i = DiagnoseAt
    THEN Report([at |-> "before", run |-> run, host |-> Say(E.host), record |-> ToString(record),
                 block |-> IF E.block > 0 THEN ToString(OfBlock(E.host, E.block)) ELSE "",
                 current |-> (mine[E.host] = session[E.host]),
                 enabled |-> Enabled(E.host)])
  ELSE IF DiagnoseAt > 0 /\ i = DiagnoseAt + 1
    THEN LET e == TraceRuns[run][DiagnoseAt]
         IN Report([at |-> "after", run |-> run, host |-> Say(e.host), record |-> ToString(record),
                    RecordAgrees |-> e.changes => record = RecordOf(e.record),
                    Recoverable |-> RecoverableByTrace, Consistent |-> Consistent,
                    OneOwner |-> OneOwner])
  ELSE TRUE

\* Violated by the state after the last event of any run; that event must be one that cannot be taken.
NotAccepted == ReachedIn(run, i) /\ Explain /\ i <= Len(TraceRuns[run])
=============================================================================
