#!/bin/sh
# Shows that campaigns find what is wrong: each mutant of the implementation (a rule left out, see conformance/README.md) in
# campaigns with one seed after the other, until one is called invalid. Says by which check, and after how long.
#   chaos/bites.sh [--cluster docker|process] [--load ledger|volume] [--faults LIST] [--limit SECONDS] [MUTANT ...]
# Without names: those of the rules that chaos/RESULTS.md lists, and "none", the unmutated canary, which must not be found.
# Written are chaos/target/bites/MUTANT/ (the last campaign) and chaos/target/bites.md (the table).
# Exit codes: 0 all found (and the canary not), 1 not so, 3 something is lacking.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cluster= load= limit=300
# What these rules are about: hosts and the storage that die or stand still, and messages that are late, lost or come again.
faults=kill,stop,kill-both,power,kill-in-takeover,kill-in-rollback,kill-in-resume,kill-in-join,partition,partition-in,isolate,duplicate,delay,reorder,late-state,reset,slow-link,stop-storage,power-storage,switchover
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,8s/^# *//p' "$0"; exit 0 ;;
    --cluster) cluster="--cluster $2"; shift 2 ;;
    --load) load="--load $2"; shift 2 ;;
    --faults) faults=$2; shift 2 ;;
    --limit) limit=$2; shift 2 ;;
    -*) echo "bites.sh: unknown option $1; see --help" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || set -- none AskFirst StoreBeforeAck FirstCopyWins EpochTag FenceBeforeRollback OldestCopyWins KeepUntilRestored HoldOutput

out=$here/chaos/target/bites
mkdir -p "$out"

table=$here/chaos/target/bites.md
{ echo "| mutant | called invalid | by | evidence |"; echo "|-|-|-|-|"; } >"$table"
failed=0
for mutant in "$@"; do
  first=
  if [ "$mutant" != none ]; then
    "$here/conformance/matrix.sh" --compile "$out/classes" "$mutant" >/dev/null
    first="--classes $out/classes/$mutant/classes"
  fi
  begin=$(date +%s) seed=1 found=
  while [ -z "$found" ] && [ $(($(date +%s) - begin)) -lt "$limit" ]; do
    # shellcheck disable=SC2086 # Options are words.
    "$here/unwrite" chaos $cluster $load $first --faults $faults --seed $seed --duration 60s --no-wait --dir "$out/$mutant" >"$out/$mutant.log" 2>&1 || true
    if [ -f "$out/$mutant/results.json" ] && grep -q '"valid" : false' "$out/$mutant/results.json"; then found=yes; fi
    seed=$((seed + 1))
  done
  took=$(($(date +%s) - begin))
  if [ -n "$found" ]; then
    by=$(sed -n '/^invalid/{s/^invalid *//p;q}' "$out/$mutant.log")
    why=$(sed -n '/^invalid/,/^[a-z]/p' "$out/$mutant.log" | sed -n '2,4p' | grep -v '^[a-z]' | tail -1 | sed 's/^ *//; s/|/\\|/g' | cut -c1-160)
    echo "| $mutant | after $took s, $((seed - 1)) campaigns | $by | $why |" >>"$table"
    [ "$mutant" != none ] || failed=1
  else
    echo "| $mutant | not in $took s, $((seed - 1)) campaigns | | |" >>"$table"
    [ "$mutant" = none ] || failed=1
  fi
  tail -1 "$table"
done
exit $failed
