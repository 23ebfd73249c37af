----------------------------- MODULE Inductive -----------------------------
(***************************************************************************)
(* Why the protocol is safe for behaviours of any length: an invariant     *)
(* that each step keeps, with all rules followed, two hosts, any number of *)
(* blocks, any terms, epochs, sessions and values.  It holds at the start  *)
(* and implies Recoverable, Consistent, OneOwner, NoOutputLost and         *)
(* FlushedSurvives.                                                        *)
(*                                                                         *)
(* Each conjunct has a name and is an invariant of the models, so that one *)
(* which breaks says what broke first, often long before a property does.  *)
(* Whoever changes Unwrite changes this first: what has to be added here   *)
(* is what the change rests on.  InductiveWalk looks for a step that does  *)
(* not keep it.                                                            *)
(*                                                                         *)
(* The message history net plays the part of a history variable: Part      *)
(* messages are never withdrawn, so they tell the state of every cut.      *)
(***************************************************************************)
EXTENDS Unwrite

T == record.term
O == record.owner
P == Peer(record.owner)           \* only where O # None
Has == record.owner # None

(***************************************************************************)
(* All that follows is about the present life of the storage.  A host of   *)
(* another life may hold and believe anything: it does nothing (OneLife).  *)
(***************************************************************************)
Present(h) == life[h] \in {0, era}
Here == {h \in Host : Present(h)}
LogOfPeer == IF Present(P) THEN log[P] ELSE {}
ReadingOfPeer == IF Present(P) THEN reading[P] ELSE {}

Types ==
  /\ record.term >= 0 /\ record.base >= 0
  /\ record.owner \in Host \cup {None} /\ record.secondary \in Host \cup {None}
  /\ record.mode \in {"none", "solo", "protected", "rollback"}
  /\ \A b \in Block : disk[b] > 0 /\ cache[b] > 0 /\ seen[b] > 0 /\ flushed[b] > 0
  /\ \A w \in wire \cup replies : w.host \in Host /\ w.block \in Block /\ w.value > 0 /\ w.fua \in BOOLEAN
  /\ \A m \in net :
       /\ m.type \in {"Preserve", "Preserved", "Part", "Committed"} /\ m.to \in Host /\ m.epoch >= 0
       /\ m.type # "Committed" => m.block \in Block
       /\ m.type = "Part" => m.base >= 0 /\ m.same \in BOOLEAN
  /\ \A h \in Host :
       /\ role[h] \in {"down", "idle", "primary", "secondary", "restoring", "cold"}
       /\ mode[h] \in {"solo", "joining", "protected"}
       /\ session[h] >= 0 /\ term[h] >= 0 /\ epoch[h] >= 0 /\ mine[h] >= 0
       /\ \A b \in Block : mem[h][b] > 0 /\ pending[h][b] >= 0 /\ safe[h][b] > 0
       /\ sent[h] \subseteq Block /\ kept[h] \subseteq Block /\ dirty[h] \subseteq Block
       /\ \A r \in asked[h] : r.writes \subseteq r.owes /\ r.owes \subseteq Block /\ \A b \in Block : r.state[b] > 0
       /\ \A r, s \in asked[h] : r.n = s.n => r = s
       /\ \A c \in cuts[h] : \A b \in Block : c.state[b] > 0
       /\ \A c \in log[h] \cup reading[h] : c.block \in Block /\ c.value > 0 /\ c.term > 0 /\ c.epoch >= 0
       /\ ckpt[h] # None => ckpt[h].term > 0 /\ ckpt[h].epoch >= 0 /\ \A b \in Block : ckpt[h].state[b] > 0
       /\ era > 0 /\ life[h] \in 0..era /\ logs[h] > 0
       /\ ckpt[h] # None => ckpt[h].log \in 1..logs[h]
  /\ gone \subseteq Host

\* What a host has after Forget, and what each role leaves untouched.
Blankish(h) == /\ mode[h] = "solo" /\ epoch[h] = 0 /\ kept[h] = {} /\ cuts[h] = {} /\ safe[h] = Fresh
NoMachine(h) == /\ mem[h] = Fresh /\ pending[h] = NoWrite /\ sent[h] = {}
NoSecondary(h) == staged[h] = {} /\ reading[h] = {}

RoleShape == \A h \in Host :
  /\ role[h] \in {"down", "idle"} =>
       Blankish(h) /\ NoMachine(h) /\ NoSecondary(h) /\ dirty[h] = {} /\ mine[h] = 0 /\ term[h] = 0
  /\ role[h] = "secondary" => Blankish(h) /\ NoMachine(h) /\ dirty[h] = {} /\ mine[h] = 0 /\ term[h] > 0
  /\ role[h] = "restoring" => Blankish(h) /\ NoSecondary(h) /\ mine[h] > 0 /\ term[h] > 0
  /\ role[h] = "cold" => Blankish(h) /\ NoMachine(h) /\ NoSecondary(h) /\ mine[h] > 0 /\ term[h] > 0
  /\ role[h] = "primary" => NoSecondary(h) /\ mine[h] > 0 /\ term[h] > 0
  /\ role[h] # "primary" => asked[h] = {}

-----------------------------------------------------------------------------
(* Ownership. *)
RecordShape ==
  /\ (record.owner = None) = (record.term = 0)
  /\ (record.owner = None) = (record.mode = "none")
  /\ record.mode = "protected" => record.secondary = P
  /\ record.mode # "protected" => record.secondary = None
  /\ record.owner = None => \A h \in Here : ckpt[h] = None /\ term[h] = 0

\* Whom the record names has a folder of this life, or lost it; an empty one holds nothing.
Folders ==
  /\ Has => Present(O)
  /\ record.secondary # None => Present(P)
  /\ \A h \in Host : life[h] = 0 => role[h] = "down" /\ ckpt[h] = None /\ log[h] = {}

\* A checkpoint goes with the undo log beside it.  Where it does not, nothing rests on it.
Logs == \A h \in Here :
  /\ ckpt[h] # None /\ ckpt[h].log # logs[h] => role[h] = "down" /\ h \in gone /\ log[h] = {}
  /\ h \in gone => role[h] \in {"down", "idle"} /\ log[h] = {}
                   /\ (ckpt[h] = None \/ ckpt[h].log # logs[h])
  /\ h \in gone /\ role[h] = "idle" => ckpt[h] = None
  /\ Has /\ P \in gone => {m \in net : m.type \in {"Preserved", "Committed"} /\ m.term = T} = {}

Terms == \A h \in Here : term[h] <= T

\* An active owner has the present term; whoever acts in an older term is not the owner.
OwnerTerm == Has =>
  /\ term[O] \in {0, T}
  /\ role[O] # "secondary"
  /\ Present(P) /\ term[P] = T => role[P] = "secondary"

ModeByRole == Has =>
  /\ role[O] = "restoring" => record.mode \in {"rollback", "solo"} /\ ckpt[O] # None
  /\ role[O] = "cold" => record.mode = "solo" /\ ckpt[O] = None
  /\ role[O] = "primary" => record.mode \in {"solo", "protected"} /\ ckpt[O] = None
  /\ role[O] = "primary" /\ mode[O] = "solo" => record.mode = "solo"
  /\ record.mode = "protected" => ckpt[O] = None
  /\ record.mode = "rollback" => role[O] \in {"restoring", "down", "idle"} /\ (O \in gone \/ ckpt[O] # None)

\* A primary of an older term believes that it has, or is to have, a secondary.
Zombie == Has /\ Present(P) => (role[P] = "primary" => mode[P] \in {"joining", "protected"} /\ term[P] < T)

SoloNoCuts == \A h \in Here : role[h] = "primary" /\ mode[h] = "solo" => cuts[h] = {}

ActiveNoCkpt == \A h \in Here : role[h] \in {"primary", "cold"} => ckpt[h] = None

-----------------------------------------------------------------------------
(* Sessions, and writes on their way. *)
Sessions ==
  /\ \A h \in Host : mine[h] <= session[h]
  /\ \A w \in wire :
       /\ w.session <= session[w.host] /\ w.term <= T /\ w.term > 0
       /\ w.session > 0
       /\ w.term = T => w.host = O
  /\ \A w \in replies : w.session = session[w.host]

\* What the storage may still do or say to a host that is up.
InFlight == \A h \in Here :
  /\ \A b \in sent[h] : pending[h][b] # 0
  /\ mine[h] > 0 =>
       /\ \A w \in {x \in wire : x.host = h} : w.session <= mine[h]
       /\ \A w \in {x \in wire \cup replies : x.host = h /\ x.session = mine[h]} :
            w.term = term[h] /\ w.block \in sent[h] /\ w.value = pending[h][w.block]
       /\ \A w \in {x \in wire : x.host = h /\ x.session = mine[h]} : w \notin replies

ColdQuiet == Has /\ role[O] = "cold" =>
  /\ \A w \in wire : w.term # T
  /\ \A b \in Block \ dirty[O] : disk[b] = cache[b]

-----------------------------------------------------------------------------
(* The owner's machine and the storage. *)
Working(h) == role[h] \in {"primary", "restoring"}

PendingIsMem == \A h \in Here : Working(h) =>
  \A b \in Block : pending[h][b] # 0 => pending[h][b] = mem[h][b]

Machine == Has /\ Working(O) => \A b \in Block :
  /\ pending[O][b] = 0 /\ b \notin dirty[O] => cache[b] = mem[O][b] /\ disk[b] = mem[O][b]
  /\ pending[O][b] = 0 /\ Connected(O) => cache[b] = mem[O][b]
  /\ \A w \in replies : w.host = O /\ w.session = mine[O] => cache[w.block] = w.value

-----------------------------------------------------------------------------
(* The messages. *)
OfType(t) == {m \in net : m.type = t}
Now(t) == {m \in net : m.type = t /\ m.term = T}

Messages ==
  /\ \A m \in net : m.term <= T /\ m.term > 0
  /\ Has => \A m \in net : m.term = T =>
       m.to = (IF m.type \in {"Part", "Preserve"} THEN P ELSE O)
  /\ \A m \in OfType("Part") : m.value > 0
  /\ \A m, n \in OfType("Part") :
       m.term = n.term /\ m.epoch = n.epoch =>
         m.base = n.base /\ (m.block = n.block => m = n)
  /\ \A m \in OfType("Part") : \A b \in Block :
       \E n \in OfType("Part") : n.term = m.term /\ n.epoch = m.epoch /\ n.block = b
  /\ \A h \in Here : role[h] = "primary" => \A m \in net : m.term = term[h] => m.epoch <= epoch[h]
  /\ \A h \in Here : role[h] = "primary" => \A c \in cuts[h] :
       /\ c.epoch <= epoch[h]
       /\ \/ \A m \in net : m.type \in {"Part", "Committed"} => m.term # term[h] \/ m.epoch # c.epoch
          \/ \A b \in Block : \E m \in net : /\ m.type = "Part" /\ m.term = term[h] /\ m.epoch = c.epoch
                                           /\ m.block = b /\ m.value = c.state[b]

\* Both sides have one copy of a key at most, and nothing of a term to come.
SecondaryShape == \A h \in Here :
  /\ \A c \in log[h] \cup reading[h] : c.term <= T /\ (term[h] > 0 => c.term <= term[h])
  /\ \A c, d \in log[h] \cup reading[h] : Same(c, d) => c = d
  /\ \A c \in reading[h] : c.term = term[h] /\ c \notin log[h]
  /\ ckpt[h] # None => ckpt[h].term <= T /\ (term[h] > 0 => ckpt[h].term <= term[h])
  /\ \A m \in staged[h] : m \in net /\ m.type = "Part" /\ m.to = h /\ m.term = term[h]
  /\ role[h] = "secondary" /\ ckpt[h] # None => \A m \in staged[h] : m.epoch > ckpt[h].epoch

-----------------------------------------------------------------------------
(* Copies and checkpoints of the present term at the owner's peer. *)
CkptNow == Present(P) /\ ckpt[P] # None /\ ckpt[P].term = T
\* The cuts of the present term that are not yet behind the committed checkpoint,
\* with the value of block b.
Line(b) ==
  {[epoch |-> m.epoch, value |-> m.value] :
      m \in {n \in net : n.type = "Part" /\ n.term = T /\ n.block = b
                         /\ (CkptNow => n.epoch >= ckpt[P].epoch)}}
  \cup (IF CkptNow THEN {[epoch |-> ckpt[P].epoch, value |-> ckpt[P].state[b]]} ELSE {})

Joining == Has /\ record.mode = "solo" /\ role[O] = "primary" /\ mode[O] = "joining"
\* What was sent to a host that lost its folder is void; a join of it begins again.
Void == P \in gone /\ Now("Part") = {}
Guarded == (record.mode = "protected" /\ P \notin gone) \/ (Joining /\ ~Void)

(***************************************************************************)
(* Deltas.  What was not written since a cut is what it was then; and what *)
(* a delta calls the same is so in its base, whatever brings that there.   *)
(***************************************************************************)
Unwritten == Has /\ role[O] = "primary" /\ mode[O] # "solo" =>
  /\ sent[O] \subseteq kept[O]
  /\ \A b \in Block \ kept[O] : pending[O][b] = 0 =>
       \A l \in Line(b) : l.epoch = epoch[O] => l.value = mem[O][b]

Deltas ==
  /\ \A m \in OfType("Part") : m.base = 0 => ~m.same
  /\ \A m \in OfType("Part") : m.base = 0 \/ m.base < m.epoch
  /\ \A m \in Now("Part") : m.same =>
       \A l \in Line(m.block) : l.epoch = m.base => l.value = m.value

\* No cut is newer: the epoch in which the owner writes, or wrote when it died.
IsLast(e) ==
  /\ \A m \in Now("Part") : m.epoch <= e
  /\ CkptNow => ckpt[P].epoch <= e

\* From which cut on copies are complete.
From(e) == IF Joining THEN e >= epoch[O] ELSE TRUE

Key(S, e, b) == \E c \in S : c.term = T /\ c.epoch = e /\ c.block = b

History == Has =>
  /\ \A c \in LogOfPeer \cup ReadingOfPeer : c.term = T =>
       \E m \in Now("Preserve") : m.epoch = c.epoch  \* ... of this block or of one beside it
  /\ \A m \in Now("Preserved") :
       Key(LogOfPeer, m.epoch, m.block) \/ (CkptNow /\ ckpt[P].epoch > m.epoch)
  /\ \A m \in Now("Committed") : CkptNow /\ ckpt[P].epoch >= m.epoch
  /\ CkptNow => \A b \in Block :
       \A l, k \in Line(b) : l.epoch = k.epoch => l.value = k.value
  /\ CkptNow /\ role[O] = "primary" => ckpt[P].epoch <= epoch[O]

WholeCut ==
  /\ record.mode = "solo"
  /\ \A b \in Block : \E m \in Now("Part") : m.epoch = epoch[O] /\ m.block = b
  /\ cuts[O] = {} => \E m \in Now("Committed") : m.epoch = epoch[O]
  /\ \A c \in cuts[O] : c.epoch = epoch[O]

JoinCut == Joining =>
  /\ cuts[O] = {} => Present(P)
  /\ ~Void => WholeCut

ProtectedCkpt == record.mode = "protected" /\ P \notin gone =>
  /\ CkptNow /\ ckpt[P].epoch >= record.base
  /\ role[P] \in {"secondary", "down", "idle"}
  /\ role[O] = "primary" => \A b \in Block : \E l \in Line(b) : l.epoch = epoch[O]
  /\ \A m \in Now("Preserve") : m.epoch <= ckpt[P].epoch \/ \E n \in Now("Part") : m.epoch <= n.epoch

\* A term begins in silence: nobody sends in it before its owner's machine runs.
Silent == Has /\ (role[O] = "cold" \/ (record.mode \in {"rollback", "solo"} /\ ckpt[O] # None)) =>
  (\A m \in net : m.term # T) /\ ~CkptNow

\* In a guarded epoch nothing is written that is not preserved.
Preserving == Guarded =>
  /\ role[O] = "primary" =>
       /\ mode[O] # "solo"
       /\ \A b \in kept[O] : Key(LogOfPeer, epoch[O], b)
       /\ sent[O] \subseteq kept[O]
       /\ \A m \in Now("Preserve") : m.epoch = epoch[O] => m.block \in kept[O] \/ pending[O][m.block] # 0
  /\ \A w \in wire : Admitted(w) => \E c \in LogOfPeer : c.term = T /\ c.block = w.block /\ IsLast(c.epoch)
  /\ \A m \in Now("Preserve") :
       From(m.epoch) /\ (CkptNow => m.epoch >= ckpt[P].epoch) =>
         IsLast(m.epoch) \/ Key(LogOfPeer, m.epoch, m.block)

\* Every cut that may become the checkpoint can be rebuilt.
Since(b, e) == {c \in LogOfPeer : c.block = b /\ c.term = T /\ c.epoch >= e}
Rebuild == Guarded =>
  \A b \in Block : \A l \in Line(b) : From(l.epoch) =>
    IF Since(b, l.epoch) = {} THEN cache[b] = l.value /\ disk[b] = l.value
    ELSE \A c \in Since(b, l.epoch) :
           (\A d \in Since(b, l.epoch) : c.epoch <= d.epoch) => c.value = l.value

\* What was asked for is stored before its epoch ends; what lies beside it perhaps later.  Then it
\* counts for the cuts since which no older copy was stored, and holds what they hold.
Reading == Guarded => \A c \in ReadingOfPeer :
  c.term = T /\ From(c.epoch) /\ (CkptNow => c.epoch >= ckpt[P].epoch) =>
    \/ IsLast(c.epoch) /\ c.value = cache[c.block] /\ c.value = disk[c.block]
    \/ \A l \in Line(c.block) :
         From(l.epoch) /\ l.epoch <= c.epoch /\ (\A d \in Since(c.block, l.epoch) : d.epoch >= c.epoch) =>
           c.value = l.value

-----------------------------------------------------------------------------
(* Rollback, and the moment after it before the machine runs. *)
Rolling == Has /\ record.mode \in {"rollback", "solo"} /\ ckpt[O] # None
Rollback == Rolling =>
  /\ role[O] \in {"restoring", "down", "idle"}
  /\ O \in gone \/ CanRebuild(O)
  \* Were the undo log lost now, the machine would start from the disk.
  /\ record.mode = "solo" => Upto(seen, cache) /\ Upto(seen, disk)
  /\ ckpt[O].term < T /\ \A c \in log[O] : c.term < T
  /\ \A w \in wire : w.term = T =>
       (O \in gone \/ w.block \in Restores(O)) /\ w.value = ckpt[O].state[w.block]
  /\ role[O] = "restoring" =>
       /\ mem[O] = ckpt[O].state
       /\ dirty[O] \subseteq Restores(O)
       /\ \A b \in Block : pending[O][b] # 0 => b \in Restores(O)

-----------------------------------------------------------------------------
(* Output.  What was said, or may be said from a checkpoint known to be    *)
(* committed, is covered by whatever the machine may start from next.      *)
Grown == Has =>
  /\ \A m, n \in Now("Part") : m.block = n.block /\ m.epoch <= n.epoch => m.value <= n.value
  /\ \A m \in Now("Part") :
       /\ role[O] = "primary" => m.value <= mem[O][m.block]
       /\ m.value <= cache[m.block] /\ m.value <= disk[m.block]
       /\ \A w \in wire : Admitted(w) /\ w.block = m.block => m.value <= w.value
       /\ CkptNow /\ m.epoch <= ckpt[P].epoch => m.value <= ckpt[P].state[m.block]
       /\ CkptNow /\ m.epoch >= ckpt[P].epoch => m.value >= ckpt[P].state[m.block]
  /\ CkptNow =>
       /\ role[O] = "primary" => Upto(ckpt[P].state, mem[O])
       /\ Upto(ckpt[P].state, cache) /\ Upto(ckpt[P].state, disk)
       /\ \A w \in wire : Admitted(w) => ckpt[P].state[w.block] <= w.value

Covered(s) ==
  /\ record.mode = "protected" /\ P \notin gone => Upto(s, ckpt[P].state)
  /\ Rolling => Upto(s, ckpt[O].state)
  /\ (record.mode \in {"none", "solo"} /\ ~Rolling) \/ (record.mode = "protected" /\ P \in gone) =>
       /\ Upto(s, disk) /\ Upto(s, cache)
       /\ \A w \in wire : Admitted(w) => s[w.block] <= w.value
       /\ Has /\ role[O] = "primary" => Upto(s, mem[O])
  /\ Joining => \A m \in Now("Part") : m.epoch = epoch[O] => s[m.block] <= m.value

Said ==
  /\ \A b \in Block : seen[b] > 0
  /\ Covered(seen)
  /\ \A h \in Here : role[h] = "primary" =>
       /\ Covered(safe[h])
       /\ \A c \in cuts[h] :
            (\E m \in net : m.type = "Committed" /\ m.to = h /\ m.term = term[h] /\ m.epoch = c.epoch)
              => Covered(c.state)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Flushes.  Whatever the machine may start from next has what is flushed. *)
(* A flush that was asked for may be answered as soon as it owes nothing;  *)
(* a block that it owes will be written, or is dirty, so that no crash of  *)
(* the storage is overlooked.                                              *)
(***************************************************************************)
Flushed ==
  /\ Upto(flushed, disk) /\ Upto(flushed, cache)
  /\ \A w \in wire : Admitted(w) => flushed[w.block] <= w.value
  /\ Has /\ Working(O) => Upto(flushed, mem[O])
  /\ Rolling => Upto(flushed, ckpt[O].state)

Asked == Has => \A r \in asked[O] :
  /\ Upto(r.state, mem[O])
  /\ \A b \in r.writes : pending[O][b] # 0
  /\ \A b \in r.owes : pending[O][b] # 0 \/ b \in dirty[O]
  /\ \A b \in r.owes \ r.writes : b \in dirty[O] /\ Connected(O) => r.state[b] <= cache[b]
  /\ \A b \in Block \ r.owes : r.state[b] <= cache[b] /\ r.state[b] <= disk[b]

-----------------------------------------------------------------------------
SafetyInv ==
  /\ Types /\ RoleShape /\ RecordShape /\ Terms /\ OwnerTerm /\ ModeByRole /\ Zombie /\ ActiveNoCkpt /\ SoloNoCuts /\ Silent
  /\ Folders /\ Logs
  /\ Sessions /\ InFlight /\ ColdQuiet /\ PendingIsMem /\ Machine
  /\ Messages /\ Unwritten /\ Deltas /\ SecondaryShape /\ History /\ JoinCut /\ ProtectedCkpt
  /\ Preserving /\ Rebuild /\ Reading /\ Rollback /\ Grown /\ Said
  /\ Flushed /\ Asked
=============================================================================
