#!/usr/bin/env bash
# Measures the way of a write, side by side with QEMU's copy-before-write filter, which does the first half of the method:
# old data is copied to a second server before the overwrite.
#
#   impl/bench.sh [--dir DIR] [--rounds N] [--size MIB] [--variants LIST] [--quick]
#
#   --dir DIR        where results go: raw fio output (raw/*.json), figures.tsv, table.md, and the processes' logs;
#                    the images are made there too and deleted at the end. Default: unwrite-bench
#   --rounds N       rounds, of which medians are taken; default 3
#   --size MIB       size of the image; default 1024, or 256 where the disk has less than 8 GiB free
#   --variants LIST  comma-separated, of those below; default: all
#   --quick          tiny sizes, one round: shows that everything works, the figures mean nothing
#
# Every variant has the same shape and writes the same image, one variant after another: fio speaks NBD, over a Unix
# socket, to a server that speaks NBD, over a Unix socket, to the server of the image.
#
#   raw                 qemu-storage-daemon in front of qemu-nbd, without a filter
#   cbw-durable         the same with copy-before-write; the target is a third NBD server, synced after each write
#   cbw-durable-direct  the same, but the image's server passes the page cache by (O_DIRECT), and reads from the disk
#   cbw-mem             cbw-durable with a target that is not synced
#   unwrite             unwrite storage and two unwrite nodes, --ack durable
#   unwrite-mem         the same with --ack memory
#
# Image and target are filled beforehand: no variant pays for allocating blocks. Memory of the JVMs is fixed (512 MiB of
# heap each, unless UNWRITE_JAVA_OPTS says otherwise). Before it is measured, each variant is warmed up with random
# writes: QEMU for a second, the JVMs for longer. All that is written is synced between two measurements.
#
#   stride  4 KiB writes, each in another 64 KiB, none written since the last checkpoint: first overwrites
#   again   the same blocks once more, with no checkpoint in between
#   seq     64 KiB writes, one behind the other, first overwrites
#   dense   4 KiB writes at random places of the whole image, none twice: first overwrites of blocks of 4 KiB, but fewer
#           and fewer of clusters of 64 KiB, which is what the filter of QEMU copies
#
# A checkpoint (or a new copy-before-write filter) before each of stride, seq and dense makes all blocks first again.
# QEMU_STORAGE_DAEMON names the daemon where it is not on the path. Only processes that were started here are ended.
# Exit codes: 0 measured, 1 something failed, 2 wrong usage, 3 this machine lacks something.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

all_variants=raw,cbw-durable,cbw-durable-direct,unwrite,cbw-mem,unwrite-mem
dir=unwrite-bench rounds=3 size_mib= variants=$all_variants quick=
wrong() { echo "bench.sh: $*; see bench.sh --help" >&2; exit 2; }
lacks() { echo "bench.sh: $*" >&2; exit 3; }
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --quick) quick=1; shift ;;
    --dir | --rounds | --size | --variants)
      [ $# -ge 2 ] || wrong "$1 needs a value"
      case $1 in
        --dir) dir=$2 ;;
        --rounds) rounds=$2 ;;
        --size) size_mib=$2 ;;
        --variants) variants=$2 ;;
      esac
      shift 2
      ;;
    *) wrong "unknown argument $1" ;;
  esac
done
[[ $rounds =~ ^[1-9][0-9]?$ ]] || wrong "--rounds is a number from 1 to 99"
[[ -z $size_mib || $size_mib =~ ^[1-9][0-9]{1,5}$ ]] || wrong "--size is a number of MiB from 10 to 999999"
IFS=, read -ra chosen <<<"$variants"
for variant in "${chosen[@]}"; do
  case ,$all_variants, in *,"$variant",*) ;; *) wrong "there is no variant '$variant'" ;; esac
done

# What is needed, looked for before anything is started.
command -v fio >/dev/null || lacks "fio not found; install fio"
fio --enghelp 2>/dev/null | grep -qw nbd || lacks "this fio has no nbd engine; install one that was built with libnbd"
qsd=${QEMU_STORAGE_DAEMON:-qemu-storage-daemon}
case ,$variants, in
  *,raw,* | *,cbw-*)
    command -v qemu-nbd >/dev/null || lacks "qemu-nbd not found; install qemu-utils"
    command -v "$qsd" >/dev/null || lacks "$qsd not found; install qemu-system-common, or name it in QEMU_STORAGE_DAEMON"
    ;;
esac
# The launcher finds Java, says so if it cannot, and builds what is not built yet.
case ,$variants, in *,unwrite*) "$here/unwrite" --version >/dev/null || exit 3 ;; esac

mkdir -p "$dir/raw" "$dir/log" || wrong "cannot make $dir"
dir=$(cd "$dir" && pwd)
rm -f "$dir"/raw/*.json "$dir/log"/*
free_mib=$(df -Pm "$dir" | awk 'NR == 2 { print $4 }')
seconds=3 again_seconds=2 warm_seconds=12
if [ -n "$quick" ]; then
  rounds=1 size_mib=${size_mib:-64} seconds=1 again_seconds=1 warm_seconds=1
fi
if [ -z "$size_mib" ]; then
  size_mib=1024
  [ "$free_mib" -ge 8192 ] || size_mib=256
fi
[ "$free_mib" -ge $((6 * size_mib)) ] || lacks "too little room in $dir: $((6 * size_mib)) MiB are needed, $free_mib are free"
export UNWRITE_JAVA_OPTS="${UNWRITE_JAVA_OPTS:--Xms512m -Xmx512m}"

# Sockets need short paths; all else that is only needed meanwhile lies beside the results, on their file system.
sockets=$(mktemp -d /tmp/unwrite-bench.XXXXXX)
work=$dir/work
mkdir -p "$work"
pids=()

# Ends what was started since the last call, the last first.
stop_all() {
  local i pid
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    pid=${pids[i]}
    kill "$pid" 2>/dev/null || continue
    timeout 10 tail --pid="$pid" -f /dev/null || kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}
finish() {
  local code=$?
  trap - EXIT INT TERM
  stop_all
  rm -rf "$sockets" "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "bench.sh: $*; logs are in $dir/log" >&2
  exit 1
}

# start LOG COMMAND...: runs it in the background; its id is in $started.
start() {
  local log=$dir/log/$1
  shift
  "$@" >>"$log" 2>&1 </dev/null &
  started=$!
  pids+=("$started")
}

# until_there FILE PID WHAT: waits for a file (or socket) that PID makes.
until_there() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    [ ! -e "$1" ] || return 0
    kill -0 "$2" 2>/dev/null || fail "$3 ended before it was ready"
    sleep 0.05
  done
  fail "$3 is not ready after 30 s"
}

# A TCP port of loopback on which nobody listens: the link between two nodes has no Unix sockets.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

fill() { dd if=/dev/urandom of="$1" bs=1M count="$size_mib" conv=fsync status=none; }

# ---- QEMU

# image_server CACHE: serves the image.
image_server() {
  local cache=(--cache=writeback --aio=threads)
  [ "$1" = writeback ] || cache=(--cache=none --aio=native)
  rm -f "$sockets/img"
  start "$variant.log" qemu-nbd -t -f raw "${cache[@]}" -k "$sockets/img" "$work/disk.img"
  until_there "$sockets/img" "$started" qemu-nbd
}

# front: a daemon in front of the image server, with the filter if there is a target. A new one copies everything anew.
front() {
  local blockdevs=(--blockdev "driver=nbd,node-name=src,server.type=unix,server.path=$sockets/img,export=") node=src
  if [ -n "$target_cache" ]; then
    blockdevs+=(--blockdev "driver=nbd,node-name=tgt,server.type=unix,server.path=$sockets/tgt,export=")
    blockdevs+=(--blockdev driver=copy-before-write,node-name=cbw,file=src,target=tgt)
    node=cbw
  fi
  rm -f "$sockets/front" "$sockets/front.pid"
  start "$variant.log" "$qsd" "${blockdevs[@]}" --nbd-server "addr.type=unix,addr.path=$sockets/front" \
    --export "type=nbd,id=e,node-name=$node,name=disk,writable=on" --pidfile "$sockets/front.pid"
  front_pid=$started
  until_there "$sockets/front.pid" "$front_pid" "$qsd"
}

qemu_up() {
  local image_cache=writeback
  target_cache=
  case $variant in
    cbw-durable) target_cache=writethrough ;;
    cbw-durable-direct) target_cache=writethrough image_cache=none ;;
    cbw-mem) target_cache=writeback ;;
  esac
  image_server "$image_cache"
  if [ -n "$target_cache" ]; then
    rm -f "$sockets/tgt"
    start "$variant.log" qemu-nbd -t -f raw --cache="$target_cache" --aio=threads -k "$sockets/tgt" "$work/target.img"
    until_there "$sockets/tgt" "$started" qemu-nbd
  fi
  front
}

qemu_arm() {
  [ -n "$target_cache" ] || return 0
  kill "$front_pid"
  wait "$front_pid" || true
  unset 'pids[-1]'
  front
}

# ---- Unwrite

# node NAME PORT PEER-PORT ARG...: its control address is in $control.
node() {
  local name=$1 port=$2 peer=$3 log=$dir/log/$variant.log seen
  shift 3
  seen=$(grep -c "^node $name:" "$log" || true)
  start "$variant.log" "$here/unwrite" node --name "$name" --data "$work/$name" --group vm1 --machine none \
    --storage "nbd+unix:///?socket=$sockets/storage" --serve "nbd+unix:///?socket=$sockets/serve-$name" \
    --listen "127.0.0.1:$port" --peer "127.0.0.1:$peer" --control 127.0.0.1:0 --ack "$ack" \
    --checkpoint-every manual --failover-after manual --undo-limit 4096 "$@"
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    if [ "$(grep -c "^node $name:" "$log" || true)" -gt "$seen" ]; then
      control=$(sed -n "s/^node $name: control at \([^,]*\),.*/\1/p" "$log" | tail -n 1)
      return
    fi
    kill -0 "$started" 2>/dev/null || fail "node $name ended before it was ready"
    sleep 0.05
  done
  fail "node $name is not ready after 30 s"
}

unwrite_up() {
  local a b
  ack=durable
  [ "$variant" != unwrite-mem ] || ack=memory
  rm -rf "$work/storage" "$work/A" "$work/B" "$sockets/storage"
  start "$variant.log" "$here/unwrite" storage --listen "nbd+unix:///?socket=$sockets/storage" --data "$work/storage" \
    --volume "vm1/disk=$work/disk.img"
  until_there "$sockets/storage" "$started" "the storage"
  a=$(free_port)
  b=$(free_port)
  [ "$a" != "$b" ] || b=$((a + 1))
  node B "$b" "$a"
  node A "$a" "$b" --bootstrap
  primary=$control
  "$here/unwrite" protect --control "$primary" >>"$dir/log/$variant.log" || fail "the pair is not protected"
}

unwrite_arm() { "$here/unwrite" checkpoint --control "$primary" >>"$dir/log/$variant.log" || fail "no checkpoint"; }

# ---- What is measured

socket() {
  case $variant in unwrite*) echo "$sockets/serve-A" ;; *) echo "$sockets/front" ;; esac
}

# load NAME DEPTH FIO-ARG...: one fio run; its output is kept under NAME, and what it found is added to the figures.
load() {
  local name=$1 depth=$2 out
  shift 2
  out=$dir/raw/$variant.$name.$depth.round$round.json
  fio --name="$name" --ioengine=nbd --uri="nbd+unix:///disk?socket=$(socket)" --iodepth="$depth" \
    --percentile_list=50:99 --output-format=json --output="$out" "$@" 2>>"$dir/log/fio.log" || fail "fio failed: $out"
  # fio puts each value on a line of its own. Only what stands under "write" counts, and there, of latencies, "clat_ns":
  # from the submission of a request to its completion.
  ios=$(awk '/"write" : \{/ { w = 1 } w && /"total_ios"/ { gsub(/[^0-9]/, ""); print; exit }' "$out")
  [ "${ios:-0}" -gt 0 ] || fail "fio wrote nothing: $out"
  [ "$name" = warm ] || awk -v v="$variant" -v n="$name" -v d="$depth" -v r="$round" '
    function number() { sub(/^[^:]*: */, ""); sub(/,.*/, ""); return $0 + 0 }
    /"write" : \{/ { w = 1 }
    /"trim" : \{/ { w = 0 }
    w && /"iops" :/ { iops = number() }
    w && /"clat_ns" : \{/ { c = 1 }
    w && c && /"50.000000"/ { p50 = number() }
    w && c && /"99.000000"/ { p99 = number(); c = 0 }
    END { printf "%s\t%s\t%d\t%d\t%.1f\t%.1f\t%.1f\n", v, n, d, r, iops, p50 / 1000, p99 / 1000 }' "$out" >>"$dir/figures.tsv"
}

settle() { sync -f "$work"; }

arm() {
  settle
  case $variant in unwrite*) unwrite_arm ;; *) qemu_arm ;; esac
  settle
}

measure() {
  local depth warm=1
  case $variant in unwrite*) unwrite_up; warm=$warm_seconds ;; *) qemu_up ;; esac
  load warm 16 --rw=randwrite --bs=4k --size="${size_mib}m" --runtime="$warm" --time_based
  rm -f "$dir/raw/$variant.warm.16.round$round.json"
  for depth in 1 16 64; do
    arm
    load stride "$depth" --rw=write:60k --bs=4k --size="${size_mib}m" --io_size="$((size_mib / 16))m" --runtime="$seconds"
    settle
    # Over and over those that were written just now.
    load again "$depth" --rw=write:60k --bs=4k --size="$((ios * 64))k" --runtime="$again_seconds" --time_based
  done
  arm
  load seq 16 --rw=write --bs=64k --size="${size_mib}m" --runtime="$seconds"
  arm
  load dense 16 --rw=randwrite --bs=4k --size="${size_mib}m" --runtime="$seconds" --time_based
  stop_all
  settle
}

# ---- The table

table() {
  awk -F '\t' -v chosen="$variants" '
    function median(key, column,    n, i, j, t, a) {
      n = count[key]
      for (i = 1; i <= n; i++) a[i] = value[key, column, i]
      for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
      return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
    }
    function ratio(ours, theirs, load) {
      if (!count[ours, load] || !count[theirs, load]) return "-"
      return sprintf("%.2f", median(ours SUBSEP load, 1) / median(theirs SUBSEP load, 1))
    }
    {
      key = $1 SUBSEP $2 SUBSEP $3
      count[key]++
      for (i = 1; i <= 3; i++) value[key, i, count[key]] = $(4 + i)
    }
    END {
      n = split(chosen, variant, ",")
      head = "| |"; rule = "|-|"
      for (i = 1; i <= n; i++) { head = head " " variant[i] " |"; rule = rule "-|" }
      print head " unwrite / cbw-durable | unwrite-mem / cbw-mem |"
      print rule "-|-|"
      rows = split("stride 1,stride 16,stride 64,again 1,again 16,again 64,seq 16,dense 16", row, ",")
      for (r = 1; r <= rows; r++) {
        split(row[r], part, " ")
        load = part[1] SUBSEP part[2]
        line = "| " part[1] ", depth " part[2] " |"
        for (i = 1; i <= n; i++) {
          key = variant[i] SUBSEP load
          if (!count[key]) { line = line " - |"; continue }
          line = line sprintf(" %.0f (%.0f/%.0f) |", median(key, 1), median(key, 2), median(key, 3))
        }
        print line " " ratio("unwrite", "cbw-durable", load) " | " ratio("unwrite-mem", "cbw-mem", load) " |"
      }
    }' "$dir/figures.tsv"
}

: >"$dir/figures.tsv"
echo "filling an image of $size_mib MiB" >&2
fill "$work/disk.img"
case ,$variants, in *,cbw-*) fill "$work/target.img" ;; esac
for ((round = 1; round <= rounds; round++)); do
  # Forth and back, so that a machine that becomes slower or faster does so for all.
  order=("${chosen[@]}")
  if ((round % 2 == 0)); then
    order=()
    for variant in "${chosen[@]}"; do order=("$variant" "${order[@]}"); done
  fi
  for variant in "${order[@]}"; do
    echo "round $round of $rounds: $variant" >&2
    measure
  done
done

{
  echo "IOPS (p50/p99 in µs), medians of $rounds rounds; an image of $size_mib MiB. seq: writes of 64 KiB, all others: of 4 KiB."
  echo
  table
} | tee "$dir/table.md"
