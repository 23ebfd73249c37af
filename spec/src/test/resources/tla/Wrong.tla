-------------------------------- MODULE Wrong --------------------------------
EXTENDS Naturals, TLC
CONSTANT Case
VARIABLE n
Init == n = 0 /\ (Case = "none" => n = 1)
Next ==
  /\ n < 3
  /\ n' = n + 1
  /\ Case = "evaluate" => n' = n["x"]
  /\ Case = "assert" => Assert(n < 2, "two is too much")
Spec == Init /\ [][Next]_n
ASSUME Case # "assume"
TypeOK == n \in Nat
Start == n = 1
=============================================================================
