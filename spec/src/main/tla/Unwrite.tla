------------------------------ MODULE Unwrite ------------------------------
(***************************************************************************)
(* The protocol: failover that takes the disk back with it.                *)
(*                                                                         *)
(* Two hosts reach one shared storage.  The primary runs the machine; its  *)
(* state is mirrored to the secondary, checkpoint by checkpoint.  Before   *)
(* the primary overwrites a block for the first time in an epoch, the      *)
(* secondary stores a copy of what is there (patent CN103164254A, claim    *)
(* 1); after a failure it writes the copies back and resumes the machine.  *)
(*                                                                         *)
(* Each action is one atomic step of the code and has the name of a record *)
(* in dev.unwrite.protocol and of an event in a trace.  Each rule is a     *)
(* switch: a rule named in Off is not followed, and a model with that      *)
(* switch must show what goes wrong.                                       *)
(*                                                                         *)
(* Reading order: the variables; the primary writes a block; a flush of    *)
(* the machine; a checkpoint; the secondary; going alone and joining;      *)
(* takeover; cold start; faults; what must hold.                           *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Host,   \* the two hosts
  Block,  \* the blocks of the shared storage
  None,   \* no host, no checkpoint
  Off     \* names of the rules that are not followed

Rules == {
  "AskFirst", "StoreBeforeAck", "FirstCopyWins", "EpochTag", "DrainBeforeCut",
  "FlushBeforeCheckpoint", "StateBeforeDiscard", "OldestCopyWins",
  "FenceBeforeRollback", "OneConnection", "ReplayUnflushed", "RestoreAll",
  "FlushRestored", "KeepUntilRestored", "FlushAtColdStart", "AgreeToBeAlone",
  "JoinWhole", "HoldOutput", "HoldWhileJoining", "OneLife", "FlushBeforeAnswer",
  "AroundWhileAsked", "DeltaOnItsBase" }

ASSUME Off \subseteq Rules

On(rule) == rule \notin Off

VARIABLES
  (* The storage. *)
  disk,     \* [Block -> value]: what survives a crash of the storage
  cache,    \* [Block -> value]: what a read sees
  record,   \* the ownership record: term, owner, mode, secondary, base; durable
  session,  \* [Host -> Nat]: the newest session that the storage gave to a host
  wire,     \* writes on their way to the storage; they outlive their host
  replies,  \* answers of the storage on their way back
  (* The network between the hosts: what was ever sent may arrive, late, twice, or never. *)
  net,
  (* A host, in memory. *)
  role,     \* down, idle, primary, secondary, restoring, cold
  term,     \* the term under which it acts
  mode,     \* what a primary believes: solo, joining, protected
  epoch,    \* the epoch in which a primary writes
  mine,     \* the session that it uses; 0 while it has none
  mem,      \* the state of the machine: what it remembers of each block
  pending,  \* [Block -> value]: the write under way, 0 if none
  sent,     \* blocks whose write is on the wire in the present session
  kept,     \* blocks preserved in the present epoch
  dirty,    \* blocks written since the last flush
  asked,    \* flushes that the machine has asked for and that are not answered
  cuts,     \* checkpoints cut and not known to be committed
  safe,     \* the state of the newest checkpoint known to be committed
  staged,   \* parts of a coming checkpoint at a secondary
  reading,  \* copies read and not yet stored at a secondary
  (* A host, in local storage. *)
  log,      \* the undo log: copies, each with term, epoch, block and value
  ckpt,     \* the committed checkpoint: term, epoch, state, and the id of the log that goes with it
  (* Outside. *)
  seen,     \* for each block the newest value of which the outside has heard
  flushed,  \* for each block the newest value that a flush was answered for and no takeover took back
  (* Identity. *)
  era,      \* which storage this is: each that begins anew is another
  life,     \* [Host -> Nat]: the storage to which a host's folder belongs; 0: empty, to none yet
  logs,     \* [Host -> Nat]: the id of the undo log in the folder
  gone      \* hosts that lost what they had stored, and have not begun anew since; nobody can read this

storage    == <<disk, cache, record, session, wire, replies>>
machineVars == <<mem, pending, sent, kept, dirty, cuts, safe>>
secondaryVars == <<staged, reading>>
localVars  == <<log, ckpt>>
flushes    == <<asked, flushed>>
lives      == <<era, life, logs, gone>>
vars == <<storage, net, role, term, mode, epoch, mine, machineVars,
          secondaryVars, localVars, seen, flushes, lives>>

-----------------------------------------------------------------------------
Peer(h) == CHOOSE p \in Host : p # h

\* The content of a block before its first write.  0 is no content: it says "no write".
Fresh == [b \in Block |-> 1]
NoWrite == [b \in Block |-> 0]
Max(a, b) == IF a > b THEN a ELSE b
Newer(s, t) == [b \in Block |-> Max(s[b], t[b])]
Meet(s, t) == [b \in Block |-> IF s[b] < t[b] THEN s[b] ELSE t[b]]
Upto(s, t) == \A b \in Block : s[b] <= t[b]

Record(t, o, m, s, e) ==
  [term |-> t, owner |-> o, mode |-> m, secondary |-> s, base |-> e]

(***************************************************************************)
(* Terms, epochs and sessions begin again with each storage, so they       *)
(* identify nothing without it.  A host whose folder belongs to another    *)
(* storage does nothing with this one (OneLife): it ends, and is refused   *)
(* when it starts again.  What it may still do for itself touches nobody.  *)
(***************************************************************************)
Lives(h) == On("OneLife") => life[h] = era

Drained(h) == pending[h] = NoWrite
Connected(h) == mine[h] # 0 /\ mine[h] = session[h]
Runs(h) == role[h] = "primary" /\ record.owner = h /\ term[h] = record.term

Send(m) == net' = net \cup m

Preserve(h, b) ==
  [type |-> "Preserve", to |-> Peer(h), term |-> term[h], epoch |-> epoch[h], block |-> b]
Preserved(h, m) ==
  [type |-> "Preserved", to |-> Peer(h), term |-> m.term, epoch |-> m.epoch, block |-> m.block]

(***************************************************************************)
(* The state of a cut, in parts.  A whole one has base 0.  A delta tells   *)
(* what was written since the cut before it, its base; of the rest it says *)
(* only that it is the same, and the value of that is not in the message:  *)
(* it stays here for the proof, and nobody who receives it looks at it.    *)
(***************************************************************************)
Parts(h, e, base) ==
  {[type |-> "Part", to |-> Peer(h), term |-> term[h], epoch |-> e, block |-> b,
    value |-> mem[h][b], base |-> base, same |-> base # 0 /\ b \notin kept[h]] : b \in Block}
Committed(h, t, e) ==
  [type |-> "Committed", to |-> Peer(h), term |-> t, epoch |-> e]

(***************************************************************************)
(* What a host forgets when it crashes or steps down.  Its local storage   *)
(* stays, and so does what it has on the wire.                             *)
(***************************************************************************)
Forget(h) ==
  /\ term' = [term EXCEPT ![h] = 0]
  /\ mode' = [mode EXCEPT ![h] = "solo"]
  /\ epoch' = [epoch EXCEPT ![h] = 0]
  /\ mine' = [mine EXCEPT ![h] = 0]
  /\ mem' = [mem EXCEPT ![h] = Fresh]
  /\ pending' = [pending EXCEPT ![h] = NoWrite]
  /\ sent' = [sent EXCEPT ![h] = {}]
  /\ kept' = [kept EXCEPT ![h] = {}]
  /\ dirty' = [dirty EXCEPT ![h] = {}]
  /\ asked' = [asked EXCEPT ![h] = {}]
  /\ cuts' = [cuts EXCEPT ![h] = {}]
  /\ safe' = [safe EXCEPT ![h] = Fresh]
  /\ staged' = [staged EXCEPT ![h] = {}]
  /\ reading' = [reading EXCEPT ![h] = {}]

-----------------------------------------------------------------------------
(* The primary writes a block. *)

(***************************************************************************)
(* The machine writes v to b.  While there is, or is to be, a secondary,   *)
(* the first write of a block in an epoch is announced to it (claim 1:     *)
(* "a notification that the first machine will overwrite existing data").  *)
(***************************************************************************)
MachineWrite(h, b, v) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ pending[h][b] = 0
  /\ mem' = [mem EXCEPT ![h][b] = v]
  /\ pending' = [pending EXCEPT ![h][b] = v]
  /\ IF mode[h] # "solo" /\ b \notin kept[h]
       THEN Send({Preserve(h, b)})
       ELSE UNCHANGED net
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, sent, kept, dirty,
                 cuts, safe, secondaryVars, localVars, seen, flushes, lives>>

\* The acknowledgment enables the overwrite (claim 1).
RecvPreserved(h, m) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ m \in net /\ m.type = "Preserved" /\ m.to = h
  /\ On("EpochTag") => m.term = term[h] /\ m.epoch = epoch[h]
  /\ m.block \notin kept[h]
  /\ kept' = [kept EXCEPT ![h] = @ \cup {m.block}]
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, mem, pending, sent,
                 dirty, cuts, safe, secondaryVars, localVars, seen, flushes, lives>>

\* Also the way in which a copy is written back during a rollback.  With FUA, the storage
\* answers when the block is durable; a host may ask for that whenever it likes.
SendWrite(h, b, fua) ==
  /\ Lives(h)
  /\ role[h] \in {"primary", "restoring"}
  /\ mine[h] # 0
  /\ pending[h][b] # 0 /\ b \notin sent[h]
  /\ \/ role[h] = "restoring"
     \/ mode[h] = "solo"
     \/ b \in kept[h]
     \/ ~On("AskFirst")
  /\ wire' = wire \cup {[host |-> h, session |-> mine[h], term |-> term[h],
                         block |-> b, value |-> pending[h][b], fua |-> fua]}
  /\ sent' = [sent EXCEPT ![h] = @ \cup {b}]
  /\ UNCHANGED <<disk, cache, record, session, replies, net, role, term, mode, epoch,
                 mine, mem, pending, kept, dirty, cuts, safe, secondaryVars,
                 localVars, seen, flushes, lives>>

(***************************************************************************)
(* The storage applies a write: of the newest session of its host only,    *)
(* and of the present term only.                                           *)
(***************************************************************************)
Admitted(w) ==
  /\ On("FenceBeforeRollback") => w.term = record.term
  /\ On("OneConnection") => w.session = session[w.host]

Apply(w) ==
  /\ w \in wire
  /\ Admitted(w)
  /\ cache' = [cache EXCEPT ![w.block] = w.value]
  /\ wire' = wire \ {w}
  /\ replies' = replies \cup {w}
  /\ UNCHANGED <<disk, record, session, net, role, term, mode, epoch, mine,
                 machineVars, secondaryVars, localVars, seen, flushes, lives>>

\* What a flush that was asked for waits for, when a write of b is done.
Wrote(r, b, fua) ==
  [r EXCEPT !.writes = @ \ {b}, !.owes = IF fua THEN @ \ {b} ELSE @]

WriteDone(h, b) ==
  /\ Lives(h)
  /\ role[h] \in {"primary", "restoring"}
  /\ b \in sent[h]
  /\ \E w \in replies :
       /\ w.host = h /\ w.session = mine[h] /\ w.block = b /\ w.value = pending[h][b]
       /\ replies' = replies \ {w}
       /\ disk' = IF w.fua THEN [disk EXCEPT ![b] = cache[b]] ELSE disk
       /\ asked' = [asked EXCEPT ![h] = {Wrote(r, b, w.fua) : r \in @}]
  /\ pending' = [pending EXCEPT ![h][b] = 0]
  /\ sent' = [sent EXCEPT ![h] = @ \ {b}]
  /\ dirty' = [dirty EXCEPT ![h] = @ \cup {b}]
  /\ IF role[h] = "restoring" /\ ~On("KeepUntilRestored")
       THEN log' = [log EXCEPT ![h] = {c \in @ : c.block # b}]
       ELSE UNCHANGED log
  /\ UNCHANGED <<cache, record, session, wire, net, role, term, mode, epoch, mine,
                 mem, kept, cuts, safe, secondaryVars, ckpt, seen, flushed, lives>>

(***************************************************************************)
(* The storage makes durable what it has applied; covered is what the host *)
(* had written when it asked.  A block written meanwhile stays dirty.      *)
(***************************************************************************)
Flush(h, covered) ==
  /\ Lives(h)
  /\ role[h] \in {"primary", "restoring", "cold"}
  /\ Connected(h) /\ term[h] = record.term
  /\ covered # {} /\ covered \subseteq dirty[h]
  /\ disk' = [b \in Block |-> IF b \in dirty[h] \ covered THEN disk[b] ELSE cache[b]]
  /\ dirty' = [dirty EXCEPT ![h] = @ \ covered]
  /\ asked' = [asked EXCEPT ![h] = {[r EXCEPT !.owes = @ \ (covered \ r.writes)] : r \in @}]
  /\ UNCHANGED <<cache, record, session, wire, replies, net, role, term, mode, epoch,
                 mine, mem, pending, sent, kept, cuts, safe, secondaryVars,
                 localVars, seen, flushed, lives>>

-----------------------------------------------------------------------------
(* A flush of the machine. *)

(***************************************************************************)
(* The machine asks that what it has written to these blocks be durable:   *)
(* all blocks, or those of one write with FUA.  Any write that was begun   *)
(* may have been answered already, so it counts, done or not.  n tells     *)
(* flushes apart.  state: what is to be durable.  writes: blocks whose     *)
(* write, of that time, is not done.  owes: blocks of which no flush has   *)
(* told since that they are durable.                                       *)
(*                                                                         *)
(* A storage that crashes in between changes nothing here: a block that it *)
(* may have lost is owed, is written again (ReplayUnflushed), and is dirty *)
(* only after that, so that no flush covers it before.                     *)
(***************************************************************************)
MachineFlush(h, n, blocks) ==
  LET writes == {b \in blocks : pending[h][b] # 0}
  IN /\ Lives(h)
     /\ role[h] = "primary"
     /\ blocks # {}
     /\ \A r \in asked[h] : r.n # n
     /\ asked' = [asked EXCEPT ![h] = @ \cup
          {[n |-> n, state |-> [b \in Block |-> IF b \in blocks THEN mem[h][b] ELSE 1],
            writes |-> writes, owes |-> writes \cup (blocks \cap dirty[h])]}]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars,
                    secondaryVars, localVars, seen, flushed, lives>>

\* The answer to a machine that was fenced meanwhile comes too late to promise anything.
AnswerFlush(h, n) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ \E r \in asked[h] :
       /\ r.n = n
       /\ On("FlushBeforeAnswer") => r.owes = {}
       /\ asked' = [asked EXCEPT ![h] = @ \ {r}]
       /\ flushed' = IF Runs(h) THEN Newer(flushed, r.state) ELSE flushed
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars,
                 secondaryVars, localVars, seen, lives>>

-----------------------------------------------------------------------------
(* A checkpoint. *)

\* The machine is held for a moment: no write in flight, all flushed.
Quiet(h) ==
  /\ On("DrainBeforeCut") => Drained(h)
  /\ On("FlushBeforeCheckpoint") => dirty[h] = {}

TakeCut(h, base) ==
  /\ epoch' = [epoch EXCEPT ![h] = @ + 1]
  /\ kept' = [kept EXCEPT ![h] = {}]
  /\ cuts' = [cuts EXCEPT ![h] = @ \cup {[epoch |-> epoch[h] + 1, state |-> mem[h]]}]
  /\ Send(Parts(h, epoch[h] + 1, base))

(***************************************************************************)
(* The machine runs on while its state travels, so several may be on their *)
(* way.  The base of a delta is the cut before it, committed or not: each  *)
(* is sent until it is committed, in order.                                *)
(***************************************************************************)
Cut(h, delta) ==
  /\ Lives(h)
  /\ role[h] = "primary" /\ mode[h] = "protected"
  /\ Quiet(h)
  /\ TakeCut(h, IF delta THEN epoch[h] ELSE 0)
  /\ UNCHANGED <<storage, role, term, mode, mine, mem, pending, sent, dirty, safe,
                 secondaryVars, localVars, seen, flushes, lives>>

LearnCommitted(h, m) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ m \in net /\ m.type = "Committed" /\ m.to = h /\ m.term = term[h]
  /\ \E c \in cuts[h] :
       /\ c.epoch = m.epoch
       /\ safe' = [safe EXCEPT ![h] = c.state]
       /\ cuts' = [cuts EXCEPT ![h] = {d \in @ : d.epoch > c.epoch}]
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, mem, pending, sent,
                 kept, dirty, secondaryVars, localVars, seen, flushes, lives>>

(***************************************************************************)
(* What the machine says leaves: all that a committed checkpoint covers,   *)
(* or, from a machine that is alone, all that is flushed. A machine that   *)
(* flushes by itself what its words rest on, as a computer does, may also  *)
(* speak at once while it is alone: that is no step of this specification, *)
(* which promises nothing of such words. They have the semantics of any    *)
(* computer that crashes.                                                  *)
(***************************************************************************)
Sayable(h) ==
  IF mode[h] = "protected" THEN IF On("HoldOutput") THEN safe[h] ELSE mem[h]
  ELSE IF mode[h] = "joining" /\ On("HoldWhileJoining") THEN safe[h]
  ELSE IF Drained(h) /\ dirty[h] = {} THEN mem[h] ELSE safe[h]

Speak(h) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ seen' = Newer(seen, Sayable(h))
  /\ seen' # seen
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars,
                 secondaryVars, localVars, flushes, lives>>

-----------------------------------------------------------------------------
(* The secondary. *)

\* A host that nobody needs makes room for the state of the owner's machine.
FollowJoin(h) ==
  /\ Lives(h)
  /\ role[h] = "idle"
  /\ record.owner \notin {h, None} /\ record.mode = "solo"
  /\ \E m \in net : m.to = h /\ m.type = "Part" /\ m.term = record.term
  /\ role' = [role EXCEPT ![h] = "secondary"]
  /\ term' = [term EXCEPT ![h] = record.term]
  /\ log' = [log EXCEPT ![h] = {c \in @ : c.term = record.term}]
  /\ ckpt' = [ckpt EXCEPT ![h] = IF @ # None /\ @.term = record.term THEN @ ELSE None]
  /\ gone' = gone \ {h}
  /\ UNCHANGED <<storage, net, mode, epoch, mine, machineVars, secondaryVars, seen,
                 flushes, era, life, logs>>

\* A secondary that was away: the record still counts on it.
BecomeSecondary(h) ==
  /\ Lives(h)
  /\ role[h] = "idle"
  /\ record.mode = "protected" /\ record.secondary = h
  /\ ckpt[h] # None /\ ckpt[h].term = record.term
  /\ role' = [role EXCEPT ![h] = "secondary"]
  /\ term' = [term EXCEPT ![h] = record.term]
  /\ UNCHANGED <<storage, net, mode, epoch, mine, machineVars, secondaryVars,
                 localVars, seen, flushes, lives>>

Same(c, m) == c.term = m.term /\ c.epoch = m.epoch /\ c.block = m.block

\* Claim 1: the second machine reads the existing data ...
ReadOld(h, m) ==
  /\ Lives(h)
  /\ role[h] = "secondary"
  /\ m \in net /\ m.type = "Preserve" /\ m.to = h
  /\ On("EpochTag") =>
       m.term = term[h] /\ (ckpt[h] # None => m.epoch >= ckpt[h].epoch)
  /\ On("FirstCopyWins") => ~\E c \in log[h] \cup reading[h] : Same(c, m)
  /\ reading' = [reading EXCEPT ![h] = {c \in @ : ~Same(c, m)} \cup
       {[term |-> m.term, epoch |-> m.epoch, block |-> m.block, value |-> cache[m.block]]}]
  /\ IF On("StoreBeforeAck") THEN UNCHANGED net ELSE Send({Preserved(h, m)})
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, staged,
                 localVars, seen, flushes, lives>>

(***************************************************************************)
(* ... and, unasked, what lies around it: whoever overwrites a block often *)
(* overwrites those beside it next, which then are preserved already.  As  *)
(* long as a copy that was asked for is not stored, the primary cannot     *)
(* have left its epoch (DrainBeforeCut), and what it has not asked for is  *)
(* what it was at the cut.  Once it is stored, the next epoch may have     *)
(* begun, and overwritten it (AroundWhileAsked).                           *)
(***************************************************************************)
ReadAround(h, m, b) ==
  /\ Lives(h)
  /\ role[h] = "secondary"
  /\ m \in net /\ m.type = "Preserve" /\ m.to = h /\ m.block # b
  /\ m.term = term[h] /\ (ckpt[h] # None => m.epoch >= ckpt[h].epoch)
  /\ On("AroundWhileAsked") => ~\E c \in log[h] : Same(c, m)
  /\ LET copy == [term |-> m.term, epoch |-> m.epoch, block |-> b, value |-> cache[b]]
     IN /\ ~\E c \in log[h] \cup reading[h] : Same(c, copy)
        /\ reading' = [reading EXCEPT ![h] = @ \cup {copy}]
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, staged,
                 localVars, seen, flushes, lives>>

\* ... stores a copy of it in its local storage, and acknowledges.
StoreCopy(h, c) ==
  /\ Lives(h)
  /\ role[h] = "secondary"
  /\ c \in reading[h]
  /\ reading' = [reading EXCEPT ![h] = @ \ {c}]
  /\ log' = [log EXCEPT ![h] = {d \in @ : ~Same(d, c)} \cup {c}]
  /\ Send({Preserved(h, c)})
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, staged, ckpt,
                 seen, flushes, lives>>

StagePart(h, m) ==
  /\ Lives(h)
  /\ role[h] = "secondary"
  /\ m \in net /\ m.type = "Part" /\ m.to = h /\ m.term = term[h]
  /\ ckpt[h] # None => m.epoch > ckpt[h].epoch
  /\ m \notin staged[h]
  /\ staged' = [staged EXCEPT ![h] = @ \cup {m}]
  /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, reading,
                 localVars, seen, flushes, lives>>

(***************************************************************************)
(* The whole state of a checkpoint is durable: in one atomic switch it     *)
(* becomes the committed one, and the copies that led to it are discarded. *)
(* A delta fits the checkpoint that it begins with, and no other           *)
(* (DeltaOnItsBase).                                                       *)
(***************************************************************************)
Fits(h, m) == m.base = 0 \/ (ckpt[h] # None /\ m.base = ckpt[h].epoch)

\* The state that parts make up, over the one before: of what a delta says is the same, that stays.
\* (In a trace by the same in Java, dev.unwrite.spec.trace.TracedMachine.)
Merged(parts, before) ==
  LET have == {m.block : m \in parts}
      part(b) == CHOOSE m \in parts : m.block = b
  IN [b \in Block |-> IF b \in have /\ ~part(b).same THEN part(b).value ELSE before[b]]

Commit(h, e) ==
  LET parts == {m \in staged[h] : m.epoch = e}
      have  == {m.block : m \in parts}
      old   == IF ckpt[h] = None THEN [b \in Block |-> 1] ELSE ckpt[h].state
  IN /\ Lives(h)
     /\ role[h] = "secondary"
     /\ parts # {}
     /\ On("StateBeforeDiscard") => have = Block
     /\ On("DeltaOnItsBase") => {m \in parts : ~Fits(h, m)} = {}
     /\ ckpt' = [ckpt EXCEPT ![h] =
          [term |-> term[h], epoch |-> e, log |-> logs[h], state |-> Merged(parts, old)]]
     /\ log' = [log EXCEPT ![h] = {c \in @ : c.term = term[h] /\ c.epoch >= e}]
     /\ reading' = [reading EXCEPT ![h] = {c \in @ : c.epoch >= e}]
     /\ staged' = [staged EXCEPT ![h] = {m \in @ : m.epoch > e}]
     /\ Send({Committed(h, term[h], e)})
     /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, seen, flushes, lives>>

-----------------------------------------------------------------------------
(* Going alone, and joining. *)

\* The primary believes its secondary lost.  The record decides the race.
GoAlone(h) ==
  /\ Lives(h)
  /\ role[h] = "primary" /\ mode[h] = "protected"
  /\ On("AgreeToBeAlone") =>
       record.mode = "protected" /\ record.owner = h /\ record.term = term[h]
  /\ IF On("AgreeToBeAlone")
       THEN /\ record' = [record EXCEPT !.mode = "solo", !.secondary = None]
            /\ UNCHANGED <<mode, cuts>>
       ELSE /\ mode' = [mode EXCEPT ![h] = "solo"]
            /\ cuts' = [cuts EXCEPT ![h] = {}]
            /\ UNCHANGED record
  /\ UNCHANGED <<disk, cache, session, wire, replies, net, role, term, epoch, mine,
                 mem, pending, sent, kept, dirty, safe, secondaryVars, localVars, seen, flushes, lives>>

\* The answer to a change of the record arrives, or the record is read again.
Learn(h) ==
  /\ Lives(h)
  /\ role[h] = "primary"
  /\ record.owner = h /\ record.term = term[h]
  /\ \/ mode[h] = "joining" /\ record.mode = "protected"
     \/ mode[h] = "protected" /\ record.mode = "solo"
  /\ mode' = [mode EXCEPT ![h] = record.mode]
  /\ cuts' = [cuts EXCEPT ![h] = IF record.mode = "solo" THEN {} ELSE @]
  /\ UNCHANGED <<storage, net, role, term, epoch, mine, mem, pending, sent, kept,
                 dirty, safe, secondaryVars, localVars, seen, flushes, lives>>

\* A whole state goes to the other host, and from this cut on it preserves.
StartJoin(h) ==
  /\ Lives(h)
  /\ role[h] = "primary" /\ mode[h] = "solo"
  /\ record.owner = h /\ record.term = term[h] /\ record.mode = "solo"
  /\ Quiet(h)
  /\ mode' = [mode EXCEPT ![h] = "joining"]
  /\ TakeCut(h, 0)
  /\ UNCHANGED <<storage, role, term, mine, mem, pending, sent, dirty, safe,
                 secondaryVars, localVars, seen, flushes, lives>>

Protect(h) ==
  /\ Lives(h)
  /\ role[h] = "primary" /\ mode[h] = "joining"
  /\ record.owner = h /\ record.term = term[h] /\ record.mode = "solo"
  /\ On("JoinWhole") => cuts[h] = {}
  /\ record' = [record EXCEPT !.mode = "protected", !.secondary = Peer(h), !.base = epoch[h]]
  /\ UNCHANGED <<disk, cache, session, wire, replies, net, role, term, mode, epoch,
                 mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>

\* The host that was to join is lost.  The record must have stayed solo.
AbortJoin(h) ==
  /\ Lives(h)
  /\ role[h] = "primary" /\ mode[h] = "joining"
  /\ record.owner = h /\ record.term = term[h] /\ record.mode = "solo"
  /\ mode' = [mode EXCEPT ![h] = "solo"]
  /\ cuts' = [cuts EXCEPT ![h] = {}]
  /\ UNCHANGED <<storage, net, role, term, epoch, mine, mem, pending, sent, kept,
                 dirty, safe, secondaryVars, localVars, seen, flushes, lives>>

\* A host learns that the storage has a newer owner.
StepDown(h) ==
  /\ Lives(h)
  /\ role[h] \in {"primary", "secondary", "restoring", "cold"}
  /\ term[h] < record.term
  /\ role' = [role EXCEPT ![h] = "idle"]
  /\ Forget(h)
  /\ UNCHANGED <<storage, net, localVars, seen, flushed, lives>>

-----------------------------------------------------------------------------
(* Sessions with the storage. *)

(***************************************************************************)
(* A new session of h begins and its earlier ones end: what they still had *)
(* on the wire is never applied.                                           *)
(***************************************************************************)
OpenAt(h) ==
  /\ session' = [session EXCEPT ![h] = @ + 1]
  /\ mine' = [mine EXCEPT ![h] = session[h] + 1]
  /\ wire' = IF On("OneConnection") THEN {w \in wire : w.host # h} ELSE wire
  /\ replies' = {w \in replies : w.host # h}

(***************************************************************************)
(* The connection broke, perhaps since the storage crashed: what was not   *)
(* flushed is written again (ReplayUnflushed), and what was under way.     *)
(***************************************************************************)
OpenSession(h) ==
  /\ Lives(h)
  /\ role[h] \in {"primary", "restoring", "cold"}
  /\ term[h] = record.term
  /\ OpenAt(h)
  /\ sent' = [sent EXCEPT ![h] = {}]
  /\ IF role[h] # "cold" /\ On("ReplayUnflushed")
       THEN /\ pending' = [pending EXCEPT ![h] =
                 [b \in Block |-> IF @[b] = 0 /\ b \in dirty[h] THEN mem[h][b] ELSE @[b]]]
            /\ dirty' = [dirty EXCEPT ![h] = {}]
       ELSE IF role[h] = "cold"
              THEN dirty' = [dirty EXCEPT ![h] = Block] /\ UNCHANGED pending
              ELSE UNCHANGED <<pending, dirty>>
  /\ UNCHANGED <<disk, cache, record, net, role, term, mode, epoch, mem, kept, cuts,
                 safe, secondaryVars, localVars, seen, flushes, lives>>

-----------------------------------------------------------------------------
(* Takeover and rollback. *)

\* The copies that a rollback writes back: the oldest since the checkpoint.
CopiesOf(h, b) ==
  {c \in log[h] : c.block = b /\ c.term = ckpt[h].term /\ c.epoch >= ckpt[h].epoch}
Chosen(h, b) ==
  CHOOSE c \in CopiesOf(h, b) : \A d \in CopiesOf(h, b) :
    IF On("OldestCopyWins") THEN c.epoch <= d.epoch ELSE c.epoch >= d.epoch
Restores(h) == {b \in Block : CopiesOf(h, b) # {}}

BeginRestore(h) ==
  /\ role' = [role EXCEPT ![h] = "restoring"]
  /\ mem' = [mem EXCEPT ![h] = ckpt[h].state]
  /\ pending' = [pending EXCEPT ![h] =
       [b \in Block |-> IF b \in Restores(h) THEN Chosen(h, b).value ELSE 0]]
  /\ sent' = [sent EXCEPT ![h] = {}]
  /\ dirty' = [dirty EXCEPT ![h] = {}]
  /\ OpenAt(h)

(***************************************************************************)
(* The failure notification (claim 1): a person, a cluster manager or the  *)
(* detector says that the primary is lost, rightly or wrongly.  The change *)
(* of the record fences the old term (FenceBeforeRollback).  What was      *)
(* flushed since the checkpoint goes with the machine that flushed it.     *)
(***************************************************************************)
TakeOver(h) ==
  /\ Lives(h)
  /\ role[h] = "secondary"
  /\ ckpt[h] # None /\ ckpt[h].term = term[h]
  /\ record.term = term[h] /\ record.owner # h
  /\ On("AgreeToBeAlone") =>
       record.mode = "protected" /\ record.secondary = h /\ ckpt[h].epoch >= record.base
  /\ record' = Record(record.term + 1, h, "rollback", None, ckpt[h].epoch)
  /\ term' = [term EXCEPT ![h] = record.term + 1]
  /\ BeginRestore(h)
  /\ staged' = [staged EXCEPT ![h] = {}]
  /\ reading' = [reading EXCEPT ![h] = {}]
  /\ flushed' = Meet(flushed, ckpt[h].state)
  /\ UNCHANGED <<disk, cache, net, mode, epoch, kept, cuts, safe, localVars, seen, asked, lives>>

(***************************************************************************)
(* The owner crashed in the middle of its rollback and starts it again; or *)
(* it crashed after the record said that the rollback is over and before   *)
(* the machine ran: the checkpoint is still there, and so is its moment.   *)
(***************************************************************************)
RestartRollback(h) ==
  /\ Lives(h)
  /\ role[h] = "idle"
  /\ record.owner = h /\ record.mode \in {"rollback", "solo"}
  /\ ckpt[h] # None
  /\ term' = [term EXCEPT ![h] = record.term]
  /\ BeginRestore(h)
  /\ UNCHANGED <<disk, cache, record, net, mode, epoch, kept, cuts, safe,
                 secondaryVars, localVars, seen, flushes, lives>>

FinishRollback(h) ==
  /\ Lives(h)
  /\ role[h] = "restoring"
  /\ record.owner = h /\ record.term = term[h] /\ record.mode = "rollback"
  /\ On("RestoreAll") => Drained(h)
  /\ On("FlushRestored") => dirty[h] = {}
  /\ record' = [record EXCEPT !.mode = "solo"]
  /\ UNCHANGED <<disk, cache, session, wire, replies, net, role, term, mode, epoch,
                 mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>

\* Claim 1: the second machine operates the mirrored state.
Resume(h) ==
  /\ Lives(h)
  /\ role[h] = "restoring"
  /\ record.owner = h /\ record.term = term[h] /\ record.mode = "solo"
  /\ On("RestoreAll") => Drained(h)
  /\ On("FlushRestored") => dirty[h] = {}
  /\ role' = [role EXCEPT ![h] = "primary"]
  /\ mode' = [mode EXCEPT ![h] = "solo"]
  /\ epoch' = [epoch EXCEPT ![h] = ckpt[h].epoch]
  /\ safe' = [safe EXCEPT ![h] = ckpt[h].state]
  /\ pending' = [pending EXCEPT ![h] = NoWrite]
  /\ sent' = [sent EXCEPT ![h] = {}]
  /\ dirty' = [dirty EXCEPT ![h] = {}]
  /\ log' = [log EXCEPT ![h] = {}]
  /\ ckpt' = [ckpt EXCEPT ![h] = None]
  /\ UNCHANGED <<storage, net, term, mine, mem, kept, cuts, secondaryVars, seen, flushes, lives>>

-----------------------------------------------------------------------------
(* Cold start: an owner that has no state to resume. *)

BecomeCold(h) ==
  /\ record' = Record(record.term + 1, h, "solo", None, 0)
  /\ role' = [role EXCEPT ![h] = "cold"]
  /\ term' = [term EXCEPT ![h] = record.term + 1]
  /\ dirty' = [dirty EXCEPT ![h] = Block]
  /\ OpenAt(h)
  /\ gone' = gone \ {h}
  /\ UNCHANGED <<disk, cache, net, mode, epoch, mem, pending, sent, kept, cuts, safe,
                 secondaryVars, localVars, seen, flushes, era, life, logs>>

\* --bootstrap claims a group that has no owner yet.
Bootstrap(h) ==
  /\ Lives(h)
  /\ role[h] = "idle" /\ record.owner = None
  /\ BecomeCold(h)

\* The owner was alone, crashed and starts again.
ColdStart(h) ==
  /\ Lives(h)
  /\ role[h] = "idle"
  /\ record.owner = h /\ record.mode = "solo"
  /\ ckpt[h] = None
  /\ BecomeCold(h)

(***************************************************************************)
(* A person decides that the machine starts again from its disk, since the *)
(* host that holds its checkpoint will not come back.                      *)
(***************************************************************************)
ForceColdStart(h) ==
  /\ Lives(h)
  /\ role[h] = "idle"
  /\ record.owner = h /\ record.mode = "protected"
  /\ BecomeCold(h)

ColdRead(h) ==
  /\ Lives(h)
  /\ role[h] = "cold" /\ Connected(h) /\ term[h] = record.term
  /\ On("FlushAtColdStart") => dirty[h] = {}
  /\ role' = [role EXCEPT ![h] = "primary"]
  /\ mode' = [mode EXCEPT ![h] = "solo"]
  /\ mem' = [mem EXCEPT ![h] = cache]
  /\ safe' = [safe EXCEPT ![h] = Fresh]
  /\ dirty' = [dirty EXCEPT ![h] = {}]
  /\ log' = [log EXCEPT ![h] = {}]
  /\ ckpt' = [ckpt EXCEPT ![h] = None]
  /\ UNCHANGED <<storage, net, term, epoch, mine, pending, sent, kept, cuts,
                 secondaryVars, seen, flushes, lives>>

-----------------------------------------------------------------------------
(* Faults.  A wrong suspicion needs no action: TakeOver and GoAlone may    *)
(* happen at any time.  A lost message is one that is never received.      *)

Crash(h) ==
  /\ role[h] # "down"
  /\ role' = [role EXCEPT ![h] = "down"]
  /\ Forget(h)
  /\ UNCHANGED <<storage, net, localVars, seen, flushed, lives>>

(***************************************************************************)
(* A folder that is empty belongs to the storage that its host meets       *)
(* first.  One of another storage is refused, and a checkpoint whose undo  *)
(* log is not there does not count.                                        *)
(***************************************************************************)
Restart(h) ==
  /\ role[h] = "down"
  /\ On("OneLife") => life[h] \in {0, era}
  /\ role' = [role EXCEPT ![h] = "idle"]
  /\ life' = [life EXCEPT ![h] = era]
  /\ ckpt' = [ckpt EXCEPT ![h] =
       IF On("OneLife") /\ @ # None /\ @.log # logs[h] THEN None ELSE @]
  /\ UNCHANGED <<storage, net, term, mode, epoch, mine, machineVars, secondaryVars, log,
                 seen, flushes, era, logs, gone>>

\* The storage makes a block durable of its own accord, in any order: what a later
\* crash leaves may be a version between the last flush and the newest.
Destage(b) ==
  /\ disk[b] # cache[b]
  /\ disk' = [disk EXCEPT ![b] = cache[b]]
  /\ UNCHANGED <<cache, record, session, wire, replies, net, role, term, mode, epoch,
                 mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>

\* All sessions end; of what was not flushed, what is in Lost is gone.
StorageCrash(Lost) ==
  /\ cache' = [b \in Block |-> IF b \in Lost THEN disk[b] ELSE cache[b]]
  /\ disk' = cache'
  /\ session' = [h \in Host |-> session[h] + 1]
  /\ wire' = IF On("OneConnection") THEN {} ELSE wire
  /\ replies' = {}
  /\ UNCHANGED <<record, net, role, term, mode, epoch, mine, machineVars,
                 secondaryVars, localVars, seen, flushes, lives>>

(***************************************************************************)
(* ... in the middle of a write: a part of its block is new and a part is  *)
(* old, so it has a content that nobody wrote.  Its host had no answer.    *)
(***************************************************************************)
TornCrash(w, content, Lost) ==
  /\ w \in wire /\ Admitted(w)
  /\ cache' = [b \in Block |-> IF b = w.block THEN content ELSE IF b \in Lost THEN disk[b] ELSE cache[b]]
  /\ disk' = cache'
  /\ session' = [h \in Host |-> session[h] + 1]
  /\ wire' = IF On("OneConnection") THEN {} ELSE wire \ {w}
  /\ replies' = {}
  /\ UNCHANGED <<record, net, role, term, mode, epoch, mine, machineVars,
                 secondaryVars, localVars, seen, flushes, lives>>

(***************************************************************************)
(* A person's act: the storage begins anew, its volumes new, kept, or put  *)
(* back from a backup.  Nobody owns the group.  What the outside heard and *)
(* what was flushed before does not bind it.  The hosts and their folders  *)
(* are as they were, and know nothing of it.                               *)
(*                                                                         *)
(* A connection begins with both telling which storage they belong to, so  *)
(* no message comes from one life into another (OneLife).                  *)
(***************************************************************************)
BeginAnew(content) ==
  /\ era' = era + 1
  /\ cache' = content /\ disk' = content
  /\ record' = Record(0, None, "none", None, 0)
  /\ session' = [h \in Host |-> IF On("OneLife") THEN session[h] + 1 ELSE 0]
  /\ wire' = {} /\ replies' = {}
  /\ net' = IF On("OneLife") THEN {} ELSE net
  /\ seen' = Fresh /\ flushed' = Fresh
  /\ UNCHANGED <<asked, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars,
                 life, logs, gone>>

(***************************************************************************)
(* What a host had stored is destroyed.  Nobody can rebuild from it then;  *)
(* but that must be noticed: the host must not act as if it had it still.  *)
(* To be told which log the other one has, when a connection begins, makes *)
(* what it acknowledged with another log void, and so what was sent to it. *)
(***************************************************************************)
LocalLoss(h) ==
  /\ role[h] = "down"
  /\ logs' = [logs EXCEPT ![h] = @ + 1]
  /\ log' = [log EXCEPT ![h] = {}]
  /\ gone' = gone \cup {h}
  /\ net' = IF On("OneLife")
              THEN {m \in net : m.to = Peer(h) /\ m.type \in {"Part", "Preserve"}}
              ELSE net

\* The undo log is gone, the checkpoint beside it is there.
LoseLog(h) ==
  /\ LocalLoss(h)
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, secondaryVars,
                 ckpt, seen, flushes, era, life>>

\* The whole folder is gone, or another host, with an empty one, has the name now.
Replaced(h) ==
  /\ LocalLoss(h)
  /\ ckpt' = [ckpt EXCEPT ![h] = None]
  /\ life' = [life EXCEPT ![h] = 0]
  /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, secondaryVars,
                 seen, flushes, era>>

-----------------------------------------------------------------------------
(* The start: a pair that is protected, a machine that is alone, or a group *)
(* that has no owner yet.                                                   *)

Blank ==
  /\ disk = Fresh /\ cache = Fresh
  /\ wire = {} /\ replies = {} /\ net = {}
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
  /\ seen = Fresh /\ flushed = Fresh
  /\ asked = [h \in Host |-> {}]
  /\ era = 1
  /\ life = [h \in Host |-> 1]
  /\ logs = [h \in Host |-> 1]
  /\ gone = {}

InitAs(protected, first) ==
  LET other == Peer(first)
      start == [term |-> 1, epoch |-> 1, log |-> 1, state |-> Fresh]
  IN /\ Blank
     /\ record = IF protected THEN Record(1, first, "protected", other, 1)
                              ELSE Record(1, first, "solo", None, 0)
     /\ session = [h \in Host |-> IF h = first THEN 1 ELSE 0]
     /\ role = [h \in Host |-> IF h = first THEN "primary"
                               ELSE IF protected THEN "secondary" ELSE "idle"]
     /\ term = [h \in Host |-> IF h = first \/ protected THEN 1 ELSE 0]
     /\ mode = [h \in Host |-> IF h = first /\ protected THEN "protected" ELSE "solo"]
     /\ epoch = [h \in Host |-> IF h = first THEN 1 ELSE 0]
     /\ mine = session
     /\ ckpt = [h \in Host |-> IF protected /\ h = other THEN start ELSE None]

InitNobody ==
  /\ Blank
  /\ record = Record(0, None, "none", None, 0)
  /\ session = [h \in Host |-> 0]
  /\ role = [h \in Host |-> "idle"]
  /\ term = [h \in Host |-> 0]
  /\ mode = [h \in Host |-> "solo"]
  /\ epoch = [h \in Host |-> 0]
  /\ mine = session
  /\ ckpt = [h \in Host |-> None]

-----------------------------------------------------------------------------
(* What must hold. *)

Oldest(S) == CHOOSE c \in S : \A d \in S : c.epoch <= d.epoch

\* h can put the storage back to its committed checkpoint, whatever fails next.
CanRebuild(h) ==
  /\ ckpt[h] # None
  /\ \A b \in Block :
       IF CopiesOf(h, b) = {}
         THEN cache[b] = ckpt[h].state[b] /\ disk[b] = ckpt[h].state[b]
         ELSE Oldest(CopiesOf(h, b)).value = ckpt[h].state[b]

\* What was destroyed cannot be rebuilt; what must hold then is that it is noticed (Consistent).
Recoverable ==
  /\ record.mode = "protected" =>
       \/ record.secondary \in gone
       \/ /\ CanRebuild(record.secondary)
          /\ ckpt[record.secondary].term = record.term
          /\ ckpt[record.secondary].epoch >= record.base
  /\ record.mode = "rollback" => record.owner \in gone \/ CanRebuild(record.owner)

Consistent ==
  \A h \in Host : Runs(h) /\ Drained(h) /\ Connected(h) => cache = mem[h]

\* A host of another life may believe what it likes, as long as no write of it is admitted.
OneOwner ==
  /\ \A h \in Host : life[h] = era /\ role[h] = "primary" /\ term[h] = record.term =>
       record.owner = h
  /\ \A w \in wire : Admitted(w) => w.host = record.owner /\ w.term = record.term

NoOutputLost ==
  /\ \A h \in Host : Runs(h) => Upto(seen, mem[h])
  /\ record.mode = "protected" =>
       record.secondary \in gone \/ Upto(seen, ckpt[record.secondary].state)
  /\ record.mode = "rollback" =>
       record.owner \in gone \/ Upto(seen, ckpt[record.owner].state)

(***************************************************************************)
(* What a flush was answered for, or a write with FUA, is there after any  *)
(* crash of anything: in the machine that runs, and on the disk, for one   *)
(* that starts cold.  A takeover goes back to a checkpoint, and takes what *)
(* was flushed since off `flushed'.                                        *)
(***************************************************************************)
FlushedSurvives ==
  /\ Upto(flushed, disk)
  /\ \A h \in Host : Runs(h) => Upto(flushed, mem[h])

-----------------------------------------------------------------------------
(***************************************************************************)
(* The refinement.  The machine of the user runs where the record says; it *)
(* sees the disk with its own writes under way; what a failure would bring *)
(* back is the checkpoint of the host on which the record counts.          *)
(***************************************************************************)
Owner == record.owner
Up == Owner # None /\ Runs(Owner) /\ record.mode \in {"solo", "protected"}

SeenByMachine(h) ==
  [b \in Block |->
     IF pending[h][b] # 0 THEN pending[h][b]
     ELSE IF ~Connected(h) /\ b \in dirty[h] THEN mem[h][b]
     ELSE cache[b]]

SavedState ==
  IF record.mode = "protected" THEN ckpt[record.secondary].state
  ELSE IF record.mode = "rollback" THEN ckpt[Owner].state
  ELSE IF Owner # None /\ ~Up /\ ckpt[Owner] # None THEN ckpt[Owner].state
  ELSE None

CutState(e) ==
  [b \in Block |-> (CHOOSE m \in net : /\ m.type = "Part" /\ m.term = record.term
                                       /\ m.epoch = e /\ m.block = b).value]
CutEpochs == {m.epoch : m \in {n \in net : n.type = "Part" /\ n.term = record.term}}

TakenStates ==
  IF record.mode = "protected"
    THEN {CutState(e) : e \in {e \in CutEpochs : e > ckpt[record.secondary].epoch}}
  ELSE IF Up /\ mode[Owner] = "joining" THEN {CutState(epoch[Owner])}
  ELSE {}

Abstract == INSTANCE CheckpointedMachine WITH
  Nothing <- None,
  machine <- IF Up THEN mem[Owner] ELSE None,
  disk    <- IF Up THEN SeenByMachine(Owner) ELSE None,
  saved   <- SavedState,
  taken   <- TakenStates
=============================================================================
