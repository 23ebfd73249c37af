--------------------------- MODULE InductiveWalk ---------------------------
(***************************************************************************)
(* Random walks among the states of Inductive: a step is one of the        *)
(* protocol, or any change of one variable that keeps the invariant, so a  *)
(* walk gets to states that no behaviour of the protocol reaches.  A       *)
(* protocol step that leaves the invariant is a counterexample to          *)
(* induction, reachable or not.                                            *)
(*                                                                         *)
(* That none is found among some number of states is no proof.  That one   *)
(* is found soon when a rule is off says that the walk can find one.       *)
(***************************************************************************)
EXTENDS Inductive, TLC
CONSTANTS MaxT, MaxE, MaxV, MaxS, MaxLives  \* the greatest term, epoch, value, session, storage
VARIABLE kind  \* what the last step was, so that whoever reads a counterexample sees it
Vals == 1..MaxV
V0 == 0..MaxV
States == [Block -> Vals]
Ts == 0..MaxT
Es == 0..MaxE
Ns == {1}       \* what holds of one flush is said of each by itself
Bounded ==
  /\ record'.term <= MaxT /\ \A h \in Host : epoch'[h] <= MaxE /\ session'[h] <= MaxS
  /\ \A h \in Host, b \in Block : mem'[h][b] <= MaxV
  /\ \A h \in Host : logs'[h] <= MaxLives

RealNext ==
  \/ \E h \in Host :
       \/ \E b \in Block : \/ \E v \in Vals : v > mem[h][b] /\ MachineWrite(h, b, v)
                           \/ \E fua \in BOOLEAN : SendWrite(h, b, fua)
                           \/ WriteDone(h, b)
       \/ \E m \in net : RecvPreserved(h, m) \/ LearnCommitted(h, m) \/ ReadOld(h, m) \/ StagePart(h, m)
       \/ \E m \in net, b \in Block : ReadAround(h, m, b)
       \/ \E c \in reading[h] : StoreCopy(h, c)
       \/ \E e \in {m.epoch : m \in staged[h]} : Commit(h, e)
       \/ \E covered \in SUBSET dirty[h] : Flush(h, covered)
       \/ \E n \in Ns, blocks \in SUBSET Block : MachineFlush(h, n, blocks)
       \/ \E n \in Ns : AnswerFlush(h, n)
       \/ \E delta \in BOOLEAN : Cut(h, delta)
       \/ Speak(h)
       \/ FollowJoin(h) \/ BecomeSecondary(h)
       \/ GoAlone(h) \/ Learn(h) \/ StartJoin(h) \/ Protect(h) \/ AbortJoin(h) \/ StepDown(h)
       \/ OpenSession(h)
       \/ TakeOver(h) \/ RestartRollback(h) \/ FinishRollback(h) \/ Resume(h)
       \/ Bootstrap(h) \/ ColdStart(h) \/ ForceColdStart(h) \/ ColdRead(h)
       \/ Crash(h) \/ Restart(h) \/ LoseLog(h) \/ Replaced(h)
  \/ \E w \in wire : Apply(w)
  \/ \E b \in Block : Destage(b)
  \/ \E Lost \in SUBSET {b \in Block : cache[b] # disk[b]} : StorageCrash(Lost)
  \/ era < MaxLives /\ \E content \in {Fresh, cache} : BeginAnew(content)

Toggle(S, x) == IF x \in S THEN S \ {x} ELSE S \cup {x}
Msgs == {[type |-> "Preserve", to |-> h, term |-> t, epoch |-> e, block |-> b] : h \in Host, t \in Ts \ {0}, e \in Es, b \in Block}
   \cup {[type |-> "Preserved", to |-> h, term |-> t, epoch |-> e, block |-> b] : h \in Host, t \in Ts \ {0}, e \in Es, b \in Block}
   \cup {[type |-> "Committed", to |-> h, term |-> t, epoch |-> e] : h \in Host, t \in Ts \ {0}, e \in Es}
\* A cut's parts come and go together.
Cuts(base, same) ==
  {{[type |-> "Part", to |-> h, term |-> t, epoch |-> e, block |-> b, value |-> s[b], base |-> base, same |-> b \in same] : b \in Block} :
     h \in Host, t \in Ts \ {0}, e \in Es, s \in States}
PartSets == Cuts(0, {}) \cup UNION {Cuts(base, same) : base \in Es, same \in SUBSET Block}
Copies == [term : Ts \ {0}, epoch : Es, block : Block, value : Vals]
Writes == [host : Host, session : 1..MaxS, term : Ts \ {0}, block : Block, value : Vals, fua : BOOLEAN]
Flushes == {f \in [n : Ns, state : States, writes : SUBSET Block, owes : SUBSET Block] : f.writes \subseteq f.owes}

Mutate ==
  \/ /\ \/ \E m \in net : net' = net \ {m}
        \/ \E m \in Msgs : net' = Toggle(net, m)
        \/ \E s \in PartSets : net' = IF s \subseteq net THEN net \ s ELSE net \cup s
     /\ UNCHANGED <<storage, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>
  \/ /\ \E h \in Host : \E c \in Copies : log' = [log EXCEPT ![h] = Toggle(@, c)]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, secondaryVars, ckpt, seen, flushes, lives>>
  \/ /\ \E h \in Host : role[h] = "secondary" /\ \E c \in Copies : reading' = [reading EXCEPT ![h] = Toggle(@, c)]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, staged, localVars, seen, flushes, lives>>
  \/ /\ \E h \in Host : role[h] = "secondary" /\ \E m \in net : m.type = "Part" /\ staged' = [staged EXCEPT ![h] = Toggle(@, m)]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, reading, localVars, seen, flushes, lives>>
  \/ /\ \E h \in Host : \E c \in {None} \cup [term : Ts \ {0}, epoch : Es, log : {logs[h]}, state : States] : ckpt' = [ckpt EXCEPT ![h] = c]
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, secondaryVars, log, seen, flushes, lives>>
  \/ /\ \E w \in Writes : wire' = Toggle(wire, w)
     /\ UNCHANGED <<disk, cache, record, session, replies, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>
  \/ /\ \E w \in wire \cup replies : replies' = Toggle(replies, w)
     /\ UNCHANGED <<disk, cache, record, session, wire, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>
  \/ /\ \E b \in Block, v \in Vals :
          \/ disk' = [disk EXCEPT ![b] = v] /\ UNCHANGED <<cache, seen>>
          \/ cache' = [cache EXCEPT ![b] = v] /\ UNCHANGED <<disk, seen>>
          \/ seen' = [seen EXCEPT ![b] = v] /\ UNCHANGED <<cache, disk>>
          \/ cache' = [cache EXCEPT ![b] = v] /\ disk' = [disk EXCEPT ![b] = v] /\ UNCHANGED <<seen>>
     /\ UNCHANGED <<record, session, wire, replies, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, flushes, lives>>
  \/ /\ \/ \E t \in Ts : record' = [record EXCEPT !.term = t]
        \/ \E e \in Es : record' = [record EXCEPT !.base = e]
        \/ \E m \in {"none", "solo", "protected", "rollback"}, s \in Host \cup {None} : record' = [record EXCEPT !.mode = m, !.secondary = s]
     /\ UNCHANGED <<disk, cache, session, wire, replies, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, flushes, lives>>
  \/ /\ \E h \in Host :
          \/ \E s \in 0..MaxS : session' = [session EXCEPT ![h] = s] /\ UNCHANGED <<mine, term, epoch, mode, kept, dirty, sent, cuts, safe, mem, pending>>
          \/ \E s \in 0..MaxS : mine' = [mine EXCEPT ![h] = s] /\ UNCHANGED <<session, term, epoch, mode, kept, dirty, sent, cuts, safe, mem, pending>>
          \/ \E t \in Ts : term' = [term EXCEPT ![h] = t] /\ UNCHANGED <<session, mine, epoch, mode, kept, dirty, sent, cuts, safe, mem, pending>>
          \/ role[h] = "primary" /\ \E e \in Es : epoch' = [epoch EXCEPT ![h] = e] /\ UNCHANGED <<session, mine, term, mode, kept, dirty, sent, cuts, safe, mem, pending>>
          \/ role[h] = "primary" /\ \E m \in {"solo", "joining", "protected"} : mode' = [mode EXCEPT ![h] = m] /\ UNCHANGED <<session, mine, term, epoch, kept, dirty, sent, cuts, safe, mem, pending>>
          \/ role[h] = "primary" /\ \E k \in SUBSET Block : kept' = [kept EXCEPT ![h] = k] /\ UNCHANGED <<session, mine, term, epoch, mode, dirty, sent, cuts, safe, mem, pending>>
          \/ \E k \in SUBSET Block : dirty' = [dirty EXCEPT ![h] = k] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, sent, cuts, safe, mem, pending>>
          \/ \E k \in SUBSET Block : sent' = [sent EXCEPT ![h] = k] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, dirty, cuts, safe, mem, pending>>
          \/ role[h] = "primary" /\ \E c \in [epoch : Es, state : States] : cuts' = [cuts EXCEPT ![h] = Toggle(@, c)] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, dirty, sent, safe, mem, pending>>
          \/ role[h] = "primary" /\ \E s \in States : safe' = [safe EXCEPT ![h] = s] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, dirty, sent, cuts, mem, pending>>
          \/ role[h] = "primary" /\ \E b \in Block, v \in Vals : mem' = [mem EXCEPT ![h][b] = v] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, dirty, sent, cuts, safe, pending>>
          \/ \E b \in Block : pending' = [pending EXCEPT ![h][b] = IF @ = 0 THEN mem[h][b] ELSE 0] /\ UNCHANGED <<session, mine, term, epoch, mode, kept, dirty, sent, cuts, safe, mem>>
     /\ UNCHANGED <<disk, cache, record, wire, replies, net, role, secondaryVars, localVars, seen, flushes, lives>>

  \/ /\ \/ \E h \in Host : role[h] = "primary" /\ \E r \in Flushes :
             asked' = [asked EXCEPT ![h] = Toggle(@, r)] /\ UNCHANGED flushed
        \/ \E b \in Block, v \in Vals : flushed' = [flushed EXCEPT ![b] = v] /\ UNCHANGED asked
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, lives>>

  \/ /\ \E h \in Host :
          \/ \E l \in 0..era : life' = [life EXCEPT ![h] = l] /\ UNCHANGED gone
          \/ gone' = Toggle(gone, h) /\ UNCHANGED life
     /\ UNCHANGED <<storage, net, role, term, mode, epoch, mine, machineVars, secondaryVars, localVars, seen, flushes, era, logs>>

Init == /\ InitNobody \/ \E f \in Host, p \in BOOLEAN : InitAs(p, f)
        /\ kind = "init"
Next == \/ RealNext /\ Bounded /\ kind' = "protocol"
        \/ Mutate /\ vars' # vars /\ Bounded /\ kind' = "changed" /\ SafetyInv'
Spec == Init /\ [][Next]_<<vars, kind>>
=============================================================================
